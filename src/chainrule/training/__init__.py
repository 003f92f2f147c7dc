"""Training: the loop, its callbacks, and what it leaves behind."""

from chainrule.training.callbacks import (
    Budget,
    Callback,
    Checkpoint,
    CSVLog,
    EarlyStopping,
    ReduceOnPlateau,
    TensorBoardLog,
    Training,
)
from chainrule.training.cross_validation import CrossValidation, cross_validate
from chainrule.training.history import History
from chainrule.training.lbfgs import fit_lbfgs
from chainrule.training.learning_rate import LearningRates, find_learning_rate

__all__ = [
    "Budget",
    "CSVLog",
    "Callback",
    "Checkpoint",
    "CrossValidation",
    "EarlyStopping",
    "History",
    "LearningRates",
    "ReduceOnPlateau",
    "TensorBoardLog",
    "Training",
    "cross_validate",
    "find_learning_rate",
    "fit_lbfgs",
]
