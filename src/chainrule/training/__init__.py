"""Training: the loop, its callbacks, and what it leaves behind."""

from chainrule.training.callbacks import (
    Callback,
    Checkpoint,
    CSVLog,
    EarlyStopping,
    ReduceOnPlateau,
    TensorBoardLog,
    Training,
)
from chainrule.training.history import History

__all__ = [
    "CSVLog",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "History",
    "ReduceOnPlateau",
    "TensorBoardLog",
    "Training",
]
