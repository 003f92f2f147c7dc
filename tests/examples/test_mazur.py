import numpy as np
import pytest

import mazur


@pytest.mark.parametrize(
    ("updates", "error"), [(0, 0.298371109), (1, 0.291027774), (10_000, 0.0000351019)]
)
def test_the_library_gives_the_digits_of_the_true_gradient(updates, error):
    digits = 10 if updates > 1 else 9
    assert round(mazur.train(updates)[1], digits) == error


def test_the_first_update_gives_the_weights_that_the_page_derives():
    model, _ = mazur.train(1)
    assert round(model.parameters["2.W"][0, 0], 8) == 0.35891648
    assert round(model.parameters["0.W"][0, 0], 9) == 0.149780716


def test_the_biases_are_held_fixed():
    model, _ = mazur.train(3)
    np.testing.assert_array_equal(model.parameters["0.b"], [0.35, 0.35])
    np.testing.assert_array_equal(model.parameters["2.b"], [0.6, 0.6])


@pytest.mark.parametrize(("updates", "error"), [(1, 0.291027924), (10_000, 0.0000350848)])
def test_moving_the_second_layer_first_gives_the_published_digits(updates, error):
    found = mazur.total_error(*mazur.by_hand(updates, update_first=True))
    assert round(found, 10 if updates > 1 else 9) == error


def test_the_published_outputs_belong_to_the_slip():
    W1, W2 = mazur.by_hand(10_000, update_first=True)
    output = mazur.sigma(W2 @ mazur.sigma(W1 @ mazur.X + 0.35) + 0.6)
    np.testing.assert_array_equal(output.round(9), [[0.015912196], [0.984065734]])


def test_the_step_by_hand_is_the_librarys():
    model, _ = mazur.train(50)
    W1, W2 = mazur.by_hand(50, update_first=False)
    np.testing.assert_allclose(model.parameters["0.W"].T, W1, rtol=1e-13)
    np.testing.assert_allclose(model.parameters["2.W"].T, W2, rtol=1e-13)


def test_it_runs(capsys):
    mazur.main(updates=100)
    printed = capsys.readouterr().out
    assert "0.2910277737   0.2910277737   0.2910279239" in printed
    assert "w1 0.149780716" in printed
