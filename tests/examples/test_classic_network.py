import numpy as np
import pytest

import classic_network


@pytest.mark.parametrize("initializer", classic_network.INITIALIZERS)
def test_it_learns_the_small_digits(initializer):
    history = classic_network.run("digits", initializer, epochs=12)
    assert history.epochs == 12
    assert history["loss"][-1] < history["loss"][0] / 3
    assert max(history["validation_accuracy"]) > 0.9


def test_normal_draws_biases_too_and_glorot_does_not():
    normal, glorot = (
        classic_network.build(30, name, 255.0, 0) for name in classic_network.INITIALIZERS
    )
    for model in (normal, glorot):
        model.build((28, 28))
    assert 0.97 < normal.parameters["2.W"].std() < 1.03
    assert normal.parameters["2.b"].all()
    assert not glorot.parameters["2.b"].any()
    assert np.abs(glorot.parameters["2.W"]).max() <= np.sqrt(6 / (784 + 30))
    assert sum(p.size for p in normal.parameters.values()) == 784 * 30 + 30 + 30 * 10 + 10


def test_it_runs(capsys):
    classic_network.main(["--data", "digits", "--epochs", "2", "--verbose", "0"])
    assert "normal: best on test" in capsys.readouterr().out
