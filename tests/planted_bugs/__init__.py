"""Planted bugs: students' classes and functions with one slip each, and correct ones."""

from planted_bugs import activations, dense, losses, order, pairs
from planted_bugs.table import BUGS, Bug

__all__ = ["BUGS", "Bug", "activations", "dense", "losses", "order", "pairs"]
