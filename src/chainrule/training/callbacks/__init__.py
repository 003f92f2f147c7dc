"""Callbacks: what happens beside the training; one concept, one file."""

from chainrule.training.callbacks.base import Callback, Training, wants_steps
from chainrule.training.callbacks.budget import Budget
from chainrule.training.callbacks.checkpoint import Checkpoint
from chainrule.training.callbacks.csv_log import CSVLog
from chainrule.training.callbacks.early_stopping import EarlyStopping
from chainrule.training.callbacks.reduce_on_plateau import ReduceOnPlateau
from chainrule.training.callbacks.tensorboard_log import TensorBoardLog

__all__ = [
    "Budget",
    "CSVLog",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "ReduceOnPlateau",
    "TensorBoardLog",
    "Training",
    "wants_steps",
]
