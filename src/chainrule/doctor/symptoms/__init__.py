"""The symptoms, one family a file, in the order in which they are told: causes before effects."""

from chainrule.doctor.symptom import SYMPTOMS
from chainrule.doctor.symptoms import (
    activations,
    answers,
    gradients,
    inputs,
    labels,
    learning_rate,
    output,
    overfitting,
    structure,
)

FAMILIES = (
    inputs,
    output,
    structure,
    learning_rate,
    activations,
    gradients,
    labels,
    overfitting,
    answers,
)
_POSITION = {family.__name__: position for position, family in enumerate(FAMILIES)}
SYMPTOMS.sort(key=lambda symptom: _POSITION[symptom.check.__module__])
