"""Callbacks: what happens beside the training; one concept, one file."""

from chainrule.training.callbacks.base import Callback, Training, wants_steps

__all__ = ["Callback", "Training", "wants_steps"]
