import math

import pytest

from models.batching import EpochSize
from models.config import TrainConfig
from models.recipes import Recipe
from models.training.checkpoint import CheckpointStore
from models.training.guard import StopWhenStuck
from models.training.plan import plan_training
from models.training.state import TrainingState
from schemas.errors import AlbertTfxError

EPOCH = EpochSize(batch_size=8, rows=800, batches=100, tokens=1, padded_tokens=1)
CHANCE = math.log(2)


@pytest.fixture
def watch(tmp_path):
    """Feeds a guard with the mean loss of each stretch, and returns the step where it stops."""

    def feed(losses, *, steps=1000, eval_every=100, constant_loss=lambda: CHANCE):
        config = TrainConfig(steps=steps, eval_every=eval_every, warmup_ratio=0.1)
        plan = plan_training(config, Recipe(1e-3, 8), EPOCH, precision="float32")
        state = TrainingState()
        store = CheckpointStore(str(tmp_path))
        guard = StopWhenStuck(plan, state, store, constant_loss=constant_loss)
        for epoch, loss in enumerate(losses):
            state.step += eval_every
            try:
                guard.on_epoch_end(epoch, {"loss": loss})
            except AlbertTfxError:
                return state.step
            state.record({"loss": loss}, score=0.5, higher_is_better=True)
        return None

    return feed


@pytest.mark.parametrize(
    ("losses", "stopped_at"),
    [
        pytest.param([0.7] * 10, 600, id="never learns"),
        pytest.param([0.6, 0.5, 0.4] + [0.694] * 7, 800, id="learns, then diverges"),
        pytest.param([0.7] * 5 + [0.5] * 5, None, id="starts slowly"),
        pytest.param([0.7] * 5 + [0.68] + [0.7] * 4, None, id="gets below once"),
        pytest.param([0.685] * 10, None, id="learns a little"),
        pytest.param([0.7, 5.0, 0.7, 9.0, 0.8, 0.7, 0.7], 600, id="is above it"),
    ],
)
def test_stops_when_the_loss_is_no_better_than_a_constant_for_half_of_the_run(
    watch, losses, stopped_at
):
    assert watch(losses) == stopped_at


@pytest.mark.parametrize(
    ("steps", "eval_every"), [pytest.param(80, 8, id="short"), pytest.param(1000, 500, id="rare")]
)
def test_too_little_is_no_proof(watch, steps, eval_every):
    assert watch([0.7] * (steps // eval_every), steps=steps, eval_every=eval_every) is None


def test_a_task_without_a_constant_answer_is_not_watched(watch):
    assert watch([0.7] * 10, constant_loss=lambda: None) is None


def test_the_constant_loss_is_asked_for_only_after_half_of_the_run(watch):
    def unexpected():
        raise AssertionError("read the training split")

    assert watch([0.7] * 5, constant_loss=unexpected) is None
