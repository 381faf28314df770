import keras
import numpy as np
import pytest

from models.optimizers.create import create_optimizer
from models.optimizers.schedule import WarmupLinearDecay

GRADIENTS = [np.array([0.3, 0.0, 0.4]), np.array([0.1, -0.2, 0.3]), np.array([-0.5, 0.1, 0.0])]
START = np.array([1.0, -2.0, 0.5])


def written_out(start, *, decay, adapted):
    """LAMB, algorithm 2 of its paper, with the identity as phi."""
    weights, first, second = start.copy(), np.zeros(3), np.zeros(3)
    for step, gradient in enumerate(GRADIENTS, start=1):
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        mean, square = first / (1 - 0.9**step), second / (1 - 0.999**step)
        update = mean / (np.sqrt(square) + 1e-6) + decay * weights
        norms = np.linalg.norm(weights), np.linalg.norm(update)
        ratio = norms[0] / norms[1] if adapted and min(norms) > 0 else 1.0
        weights = weights - 0.1 * ratio * update
    return weights


def trained(name, start):
    variable = keras.Variable(start.astype("float32"), name=name)
    optimizer = create_optimizer(0.1, name="lamb", weight_decay=0.01, clip_norm=1.0)
    for gradient in GRADIENTS:
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")], [variable])
    return variable.numpy()


def test_weights_are_adapted_and_decayed_within_the_norm():
    expected = written_out(START, decay=0.01, adapted=True)
    np.testing.assert_allclose(trained("kernel", START), expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["bias", "gamma", "beta"])
def test_biases_and_layer_norm_are_neither_adapted_nor_decayed(name):
    expected = written_out(START, decay=0.0, adapted=False)
    np.testing.assert_allclose(trained(name, START), expected, rtol=1e-5)


def test_weights_of_norm_zero_are_not_adapted():
    moved = trained("kernel", np.zeros(3))
    np.testing.assert_allclose(
        moved, written_out(np.zeros(3), decay=0.01, adapted=True), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("name", ["adamw", "lamb"])
def test_optimizer_is_made_again_from_its_config(name):
    made = create_optimizer(
        WarmupLinearDecay(1e-3, 3, 9), name=name, weight_decay=0.01, clip_norm=1.0
    )
    again = keras.optimizers.deserialize(keras.optimizers.serialize(made))
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()
