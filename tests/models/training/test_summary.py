import json

import pytest

from models.batching import EpochSize
from models.config import TrainConfig
from models.tasks.base import Recipe
from models.training.callbacks import CountSteps
from models.training.plan import plan_training
from models.training.state import TrainingState
from models.training.summary import summarize
from schemas.features import TRAINING_SUMMARY_FILE

EPOCH = EpochSize(batch_size=4, rows=40, batches=10, tokens=300, padded_tokens=400)


@pytest.fixture
def summary():
    plan = plan_training(
        TrainConfig(steps=25), Recipe(1e-3, 4, 1.0), EPOCH, precision="mixed_bfloat16"
    )
    state = TrainingState(
        step=25, seconds=9.0, best_step=20, best_score=0.75, history=[{"step": 20.0}]
    )
    counter = CountSteps(plan, state)
    counter.steady_steps, counter.steady_seconds = 8, 2.0
    return summarize(plan, EPOCH, state, counter, resumed_from_step=10, selection_metric="accuracy")


def test_speed_is_in_steps_and_in_tokens_without_padding(summary):
    assert (summary.steps_per_second, summary.tokens_per_second) == (4.0, 120.0)


def test_padding_is_a_share_of_what_is_computed(summary):
    assert summary.padding_ratio == 0.25


def test_record_is_written_as_json(summary, tmp_path):
    summary.write(str(tmp_path / "model_run"))
    record = json.loads((tmp_path / "model_run" / TRAINING_SUMMARY_FILE).read_text("utf-8"))
    assert record == {
        "seed": 0,
        "precision": "mixed_bfloat16",
        "optimizer": "adamw",
        "steps": 25,
        "planned_steps": 25,
        "epochs": 2.5,
        "batch_size": 4,
        "accumulation": 1,
        "learning_rate": 1e-3,
        "seconds": 9.0,
        "steps_per_second": 4.0,
        "tokens_per_second": 120.0,
        "padding_ratio": 0.25,
        "best_step": 20,
        "selection_metric": "accuracy",
        "best_score": 0.75,
        "resumed_from_step": 10,
        "history": [{"step": 20.0}],
        "seeds": [],
        "mean_score": None,
        "score_deviation": None,
    }
