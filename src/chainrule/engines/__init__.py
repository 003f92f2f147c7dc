"""Engines: they run `step.py`, as it stands or compiled, and know nothing of what it computes."""

from chainrule.engines.base import Engine, Run
from chainrule.engines.choice import Choice, Work, choose

__all__ = ["Choice", "Engine", "Run", "Work", "choose"]
