import numpy as np
import pytest

import accuracy
import chainrule as cr


@pytest.mark.parametrize("name", accuracy.RECIPES)
def test_every_recipe_builds_a_network_for_its_images(name):
    recipe = accuracy.RECIPES[name]
    model = cr.Model(recipe.network(), cr.SoftmaxCrossEntropy(), input_shape=(28, 28))
    assert model.outputs(np.zeros((2, 28, 28), np.uint8)).shape == (2, 10)
