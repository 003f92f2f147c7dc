import numpy as np
import pytest

from chainrule.data.samples import Samples
from chainrule.data.targets import decide
from chainrule.errors import ConfigurationError, DataError


def samples(targets, labels=False, where="here"):
    targets = np.array(targets)
    return Samples(np.zeros((len(targets), 1)), targets, where, labels=labels)


@pytest.mark.parametrize(
    ("targets", "labels", "classes", "y"),
    [
        ([1, 2, 1, 2], False, ("1", "2"), [0, 1, 0, 1]),
        ([-1.0, 1.0, -1.0, 1.0], False, ("-1", "1"), [0, 1, 0, 1]),
        (["b", "a", "b"], False, ("a", "b"), [1, 0, 1]),
        ([5, 7, 9], True, ("5", "7", "9"), [0, 1, 2]),
        ([10, 9, 10, 9], False, ("9", "10"), [1, 0, 1, 0]),
        ([[0, 1], [1, 0], [0, 1]], False, ("0", "1"), [1, 0, 1]),
        ([[3], [3], [4], [4]], False, ("3", "4"), [0, 0, 1, 1]),
        ([5, 7, 9], False, None, [5, 7, 9]),
        (list(range(21)) * 3, False, None, list(range(21)) * 3),
        ([0.5, 1, 0.5, 1], False, None, [0.5, 1, 0.5, 1]),
        ([[0.5, 1], [2, 3]], False, None, [[0.5, 1], [2, 3]]),
    ],
)
def test_classes_or_numbers(targets, labels, classes, y):
    decided = decide(samples(targets, labels))
    assert decided.classes == classes
    assert decided.y.tolist() == y
    assert decided.y.dtype == (np.float64 if classes is None else np.int64)


def test_the_task_overrules():
    assert decide(samples([1, 2, 1, 2]), task="regression").classes is None
    assert decide(samples([5, 7, 9]), task="classification").classes == ("5", "7", "9")


def test_number_classes_come_from_both_parts():
    decided = decide(samples([0, 2, 0, 2]), samples([1, 2]))
    assert decided.classes == ("0", "1", "2")
    assert decided.y.tolist() == [0, 2, 0, 2]
    assert decided.y_test.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("train", "test", "task", "message"),
    [
        (["cat", "dog"], ["cat", "Dog"], None, 'test: label "Dog" does not occur.*cat, dog'),
        (["cat", "dog"], [0, 1], None, "not of the kind"),
        ([0, 1, 0, 1], [[0, 1]], "regression", "not of the kind"),
        ([f"id{i}" for i in range(30)], None, None, "an identifier"),
        (["a", "b"], None, "regression", "regression needs numbers"),
        ([[0.5, 1], [2, 3]], None, "classification", r"classes need targets of shape \(n,\)"),
    ],
)
def test_targets_that_cannot_be(train, test, task, message):
    held = None if test is None else samples(test, where="test")
    with pytest.raises(DataError, match=message):
        decide(samples(train), held, task)


def test_several_numbers_a_sample_stay_numbers():
    decided = decide(samples([[0.5, 1], [2, 3]]), samples([[0, 1]]))
    assert decided.y_test.tolist() == [[0, 1]]


def test_an_unknown_task():
    with pytest.raises(ConfigurationError, match='got "clustering"'):
        decide(samples([0, 1]), task="clustering")
