"""Training: the loop, its callbacks, and what it leaves behind."""

from chainrule.training.callbacks import Callback, Training
from chainrule.training.history import History

__all__ = ["Callback", "History", "Training"]
