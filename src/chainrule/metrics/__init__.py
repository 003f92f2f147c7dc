"""Metrics: what is asked of a network's answers beside the loss."""

from chainrule.metrics.hits import has_accuracy, hits, scores

__all__ = ["has_accuracy", "hits", "scores"]
