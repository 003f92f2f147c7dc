"""What a metric is, and what it sees."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import ClassVar, Literal, NamedTuple

from chainrule.description import Description
from chainrule.namespace import Array

Kind = Literal["labels", "flags", "values"]


class Answers(NamedTuple):
    """Truth and answers on some samples, side by side.

    | kind     | truth              | answer             | score                    |
    |----------|--------------------|--------------------|--------------------------|
    | "labels" | class indices (m,) | class indices (m,) | of each class (m, k)     |
    | "flags"  | 0 or 1 (m, k)      | 0 or 1 (m, k)      | that it is 1 (m, k)      |
    | "values" | numbers (m, k)     | numbers (m, k)     | the same numbers         |
    """

    kind: Kind
    truth: Array
    answer: Array
    score: Array


@dataclass(frozen=True, repr=False, eq=False)
class Metric(Description):
    """Base of the metrics: a number that says how good answers are; `kinds` it can judge."""

    kinds: ClassVar[tuple[Kind, ...]] = ("labels", "flags", "values")

    @property
    def name(self) -> str:
        """What its curve is called: the class's name and what was given, "precision_macro" say."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()
        given = [getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default]
        return "_".join([words, *map(str, given)])

    def __call__(self, answers: Answers) -> float:
        """Return the number."""
        raise NotImplementedError
