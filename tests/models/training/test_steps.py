import keras
import numpy as np
import pytest
import tensorflow as tf

from models.optimizers.create import create_optimizer
from models.optimizers.schedule import WarmupLinearDecay
from models.training.steps import TrainStep, install_steps

GENERATOR = np.random.default_rng(0)
FEATURES = GENERATOR.normal(size=(64, 6)).astype("float32")
LABELS = (FEATURES.sum(axis=1) > 0).astype("int64")


def make_model(*, accumulation=1, scaled=False, dtype="float32"):
    # Seeds of their own: Python's generator, which Keras asks otherwise, is shared with any thread.
    first, last = (keras.initializers.GlorotUniform(seed=seed) for seed in (1, 2))
    inputs = keras.Input((6,))
    hidden = keras.layers.Dense(8, activation="tanh", kernel_initializer=first, dtype=dtype)(inputs)
    logits = keras.layers.Dense(2, kernel_initializer=last, dtype="float32")(hidden)
    model = keras.Model(inputs, logits)
    optimizer = create_optimizer(WarmupLinearDecay(0.1, 2, 4), weight_decay=0.01, clip_norm=0.05)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(
        optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        jit_compile=False,
        auto_scale_loss=False,
    )
    optimizer.build(model.trainable_variables)
    install_steps(model, accumulation=accumulation, strategy=tf.distribute.get_strategy())
    return model


def rows(*sizes):
    """Batches of these sizes, again and again."""

    def batches():
        start = 0
        for size in sizes:
            yield FEATURES[start : start + size], LABELS[start : start + size]
            start += size

    signature = (tf.TensorSpec([None, 6]), tf.TensorSpec([None], tf.int64))
    return tf.data.Dataset.from_generator(batches, output_signature=signature).repeat()


def fit(model, *sizes, steps=4):
    history = model.fit(rows(*sizes), steps_per_epoch=steps, epochs=1, verbose=0, shuffle=False)
    return {name: values[0] for name, values in history.history.items()}


@pytest.fixture(scope="module")
def whole():
    model = make_model()
    return model, fit(model, 16)


@pytest.mark.parametrize("sizes", [(8, 8), (4, 4, 4, 4), (12, 4)])
def test_several_batches_make_the_step_of_one_with_their_rows(whole, sizes):
    model = make_model(accumulation=len(sizes))
    logs = fit(model, *sizes)
    for weights, expected in zip(model.get_weights(), whole[0].get_weights(), strict=True):
        np.testing.assert_allclose(weights, expected, atol=1e-6)
    assert logs == pytest.approx(whole[1], abs=1e-6)


def test_a_step_is_one_update_of_the_learning_rate():
    model = make_model(accumulation=2)
    fit(model, 8, 8)
    assert int(model.optimizer.iterations) == 4
    assert float(model.optimizer.learning_rate) == 0.0


def test_nothing_is_left_over_between_steps():
    model = make_model(accumulation=2)
    fit(model, 8, 8, steps=1)
    assert isinstance(model.train_function, TrainStep)
    assert all(not np.any(total.numpy()) for total in model.train_function._sums)


@pytest.mark.parametrize("accumulation", [1, 2])
def test_a_step_that_overflows_in_fp16_is_skipped_and_the_scale_halved(accumulation):
    model = make_model(accumulation=accumulation, scaled=True, dtype="mixed_float16")
    model.optimizer.dynamic_scale.assign(2.0**40)
    before = model.get_weights()
    fit(model, 8, steps=1)
    assert float(model.optimizer.dynamic_scale) == 2.0**39
    assert int(model.optimizer.iterations) == 0
    for weights, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, expected)


def test_the_scale_of_fp16_cancels_out(whole):
    model = make_model(accumulation=2, scaled=True)
    fit(model, 8, 8)
    for weights, expected in zip(model.get_weights(), whole[0].get_weights(), strict=True):
        np.testing.assert_allclose(weights, expected, atol=1e-6)


def test_without_accumulation_the_step_is_that_of_keras():
    assert make_model().train_function is None
