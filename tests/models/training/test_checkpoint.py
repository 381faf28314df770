import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.training.checkpoint import CheckpointStore
from models.training.state import TrainingState
from schemas.errors import AlbertTfxError, UserError


def make_model(units=3):
    inputs = keras.Input((2,))
    outputs = keras.layers.Dropout(0.5, seed=4)(keras.layers.Dense(units)(inputs))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.1), loss="mse")
    model.optimizer.build(model.trainable_variables)
    return model


def train_some(model):
    model.fit(np.ones((4, 2)), np.ones((4, 3)), verbose=0)
    return model


@pytest.fixture
def store(tmp_path):
    return CheckpointStore(str(tmp_path / "run"))


def variables(model):
    return [variable.numpy() for variable in [*model.variables, *model.optimizer.variables]]


def test_restores_model_optimizer_dropout_seed_and_state(store):
    model = train_some(make_model())
    state = TrainingState(step=7, best_step=7, best_score=0.5, history=[{"step": 7.0}])
    store.save(model, state)
    other = make_model()
    assert store.restore(other) == state
    for restored, expected in zip(variables(other), variables(model), strict=True):
        np.testing.assert_array_equal(restored, expected)


def test_there_is_nothing_to_restore_at_first(store):
    assert store.restore(make_model()) is None


def test_best_weights_stay_when_later_ones_are_worse(store):
    model = train_some(make_model())
    best = model.get_weights()
    store.save(model, TrainingState(step=1, best_step=1))
    train_some(model)
    store.save(model, TrainingState(step=2, best_step=1))
    store.restore_best(model, TrainingState(step=2, best_step=1))
    for restored, expected in zip(model.get_weights(), best, strict=True):
        np.testing.assert_array_equal(restored, expected)


def test_only_the_checkpoint_and_the_best_weights_are_kept(store):
    model = make_model()
    for step in (1, 2, 3):
        store.save(model, TrainingState(step=step, best_step=step))
    assert sorted(os.listdir(store.directory)) == ["best-3.npz", "checkpoint.npz"]


def test_a_kill_while_writing_leaves_the_checkpoint_before(store, monkeypatch):
    model = train_some(make_model())
    store.save(model, TrainingState(step=1, best_step=1))
    expected = variables(model)

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("tensorflow.io.gfile.rename", killed)
    with pytest.raises(KeyboardInterrupt):
        store.save(train_some(model), TrainingState(step=2, best_step=1))
    monkeypatch.undo()
    other = make_model()
    assert store.restore(other) == TrainingState(step=1, best_step=1)
    for restored, value in zip(variables(other), expected, strict=True):
        np.testing.assert_array_equal(restored, value)


def test_checkpoint_of_another_model_is_refused(store):
    store.save(make_model(), TrainingState(step=1, best_step=1))
    with pytest.raises(AlbertTfxError, match=r"must be of the model that is trained.*delete"):
        store.restore(make_model(units=5))


def test_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"checkpoints must be written to .*file/run.*set output"):
        CheckpointStore(str(tmp_path / "file" / "run"))


def test_full_disk_is_told_as_one(store, monkeypatch):
    def full(*_, **__):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr("tensorflow.io.gfile.rename", full)
    with pytest.raises(UserError, match="No space left on device; make room there"):
        store.save(make_model(), TrainingState(step=1, best_step=1))


def test_removal_takes_everything(store):
    store.save(make_model(), TrainingState(step=1, best_step=1))
    store.remove()
    assert not os.path.exists(store.directory)
