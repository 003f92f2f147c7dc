from __future__ import annotations

import numpy as np
import pytest
from matplotlib._pylab_helpers import Gcf

import chainrule as cr
from chainrule import plotting
from chainrule.plotting.canvas import new_figure


@pytest.fixture(scope="module")
def digits():
    (x, y), test = cr.data.load("digits")
    network = cr.Sequential(cr.Scale(1 / 16), cr.Flatten(), cr.Dense(6), cr.ReLU(), cr.Dense(10))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), seed=0)
    model.fit(x, y, epochs=2, validation_split=0.1, verbose=0, engine="numpy")
    return model, *test


def curves(ax):
    return {line.get_label(): line for line in ax.get_lines() if line.get_label()[0] != "_"}


def history(**named):
    h = cr.History()
    for i in range(len(named["loss"])):
        h.add({name: curve[i] for name, curve in named.items() if i < len(curve)}, 0.1)
    return h


def test_loss_curves_hold_the_numbers_and_mark_the_best():
    ax = plotting.loss_curves(history(loss=[3.0, 2, 1], validation_loss=[3.0, 1.5, 2]))
    lines = curves(ax)
    assert lines["training"].get_ydata().tolist() == [3, 2, 1]
    assert lines["training"].get_linestyle() == "-"
    assert lines["validation"].get_ydata().tolist() == [3, 1.5, 2]
    assert lines["validation"].get_linestyle() == "--"
    assert lines["best epoch"].get_xydata().tolist() == [[2, 1.5]]


def test_the_best_accuracy_is_the_highest():
    ax = plotting.loss_curves(history(loss=[2.0, 1], accuracy=[0.9, 0.8]), name="accuracy")
    assert curves(ax)["best epoch"].get_xydata().tolist() == [[1, 0.9]]


def test_validation_that_came_later_ends_with_training():
    h = history(loss=[3.0, 2, 1])
    h.curves["validation_loss"] = [1.5]
    assert curves(plotting.loss_curves(h))["validation"].get_xdata().tolist() == [3]


def test_an_untrained_model_has_no_curves():
    with pytest.raises(cr.ConfigurationError, match="not been trained"):
        plotting.loss_curves(cr.History())


def test_drawing_on_given_axes():
    ax = new_figure(3, 3).add_subplot()
    assert plotting.loss_curves(history(loss=[1.0]), ax=ax) is ax
    assert plotting.confusion_matrix([0, 1], [0, 1], ax=ax) is ax


def test_confusion_has_true_rows_and_answer_columns():
    ax = plotting.confusion_matrix(["a", "a", "b"], ["a", "b", "b"], classes=["a", "b", "c"])
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written == {(0, 0): "1", (1, 0): "1", (1, 1): "1"}  # (column, row)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c"]
    with pytest.raises(cr.ShapeError, match="one answer per sample"):
        plotting.confusion_matrix([0, 1], [0])


def test_many_classes_are_drawn_without_numbers():
    labels = np.arange(120)
    assert len(plotting.confusion_matrix(labels, labels).texts) == 0


def test_weights_are_the_columns_of_w_in_one_symmetric_scale(digits):
    model = digits[0]
    figure = plotting.first_weights(model)
    tiles = [ax for ax in figure.axes if ax.images and ax.get_visible()]
    assert len(tiles) == 6
    W = model.parameters["2.W"]
    np.testing.assert_array_equal(tiles[3].images[0].get_array(), W[:, 3].reshape(8, 8))
    low, high = tiles[0].images[0].get_clim()
    assert low == -high < 0
    assert len([ax for ax in plotting.first_weights(model, count=2).axes if ax.images]) >= 2


def test_weights_need_an_image():
    model = cr.Model(cr.Dense(3), cr.SquaredError(), input_shape=(4,))
    with pytest.raises(cr.ConfigurationError, match="image"):
        plotting.first_weights(model)


def test_examples_say_the_answer_and_mark_mistakes(digits):
    model, x, y = digits
    answers = model.predict(x)
    figure = plotting.examples(model, x, y, count=10)
    titles = [ax.get_title() for ax in figure.axes if ax.images]
    assert len(titles) == 10
    assert sum("is " in title for title in titles) == 5
    assert figure.get_suptitle().startswith(f"{(answers != y).sum()} of 360 wrong")
    in_order = plotting.examples(model, x, y, count=3, wrong_first=False)
    assert [ax.get_title()[0] for ax in in_order.axes if ax.images] == [str(a) for a in answers[:3]]


def test_saving_is_reproducible_and_no_window_opens(tmp_path):
    windows = Gcf.get_all_fig_managers()  # other tests' examples may have drawn with pyplot
    for name in ("a.svg", "b.svg"):
        plotting.save(plotting.loss_curves(history(loss=[2.0, 1.0])), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert Gcf.get_all_fig_managers() == windows
    with pytest.raises(cr.ConfigurationError, match="picture format"):
        plotting.save(plotting.loss_curves(history(loss=[2.0])), tmp_path / "a.bmp")
