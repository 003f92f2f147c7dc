"""Tables: a model from a CSV, Parquet or Arrow file, or from a frame, in one call.

    trained = cr.tables.train("houses.csv", target="price")
    trained.model.save("houses.safetensors")
    cr.load("houses.safetensors").predict(new_rows)      # a frame, a file, a list of mappings

Needs the extra `chainrule[tables]` (polars).
"""

from chainrule.tables.importance import attributions, permutation_importance
from chainrule.tables.schema import Schema
from chainrule.tables.training import Trained, evaluate, train

__all__ = ["Schema", "Trained", "attributions", "evaluate", "permutation_importance", "train"]
