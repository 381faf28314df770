from dataclasses import replace

import pytest

from models.plan.devices import DEVICES
from pipeline.plan.plan import make_plan


@pytest.fixture
def plan_of(make_config, device):
    def plan(*, on=device, rows=None, price=None, **sections):
        return make_plan(make_config(**sections), lambda shape, tokens: on, rows=rows, price=price)

    return plan


@pytest.mark.parametrize("checkpointing", [True, False])
def test_checkpointing_is_that_of_the_config(plan_of, checkpointing):
    plan = plan_of(train={"gradient_checkpointing": checkpointing})
    assert plan.checkpointing is checkpointing
    assert bool(plan.flops.recompute) is checkpointing


def test_steps_follow_from_the_rows(plan_of):
    assert plan_of(train={"batch_size": 2, "epochs": 3}).steps == 6
    assert plan_of(train={"batch_size": 2, "epochs": 3}, rows=100).steps == 150


def test_given_steps_need_no_rows(plan_of):
    plan = plan_of(train={"steps": 7}, ingest={"train": "none.tsv"})
    assert plan.steps == 7
    assert plan.hours == pytest.approx(7 * plan.time.total / 3600)


def test_without_rows_and_steps_hours_are_unknown(plan_of):
    plan = plan_of(ingest={"train": "none.tsv"})
    assert (plan.steps, plan.hours, plan.cost) == (None, None, None)


def test_hours_are_the_steps_and_their_evaluations(plan_of):
    plan = plan_of(train={"steps": 1000, "batch_size": 2})
    assert plan.hours == pytest.approx(1000 * plan.time.total / 3600, rel=0.01)
    assert plan.hours > 1000 * plan.time.total / 3600


def test_the_price_of_an_hour_gives_the_cost(plan_of):
    plan = plan_of(train={"steps": 1000}, price=2.5)
    assert plan.cost == pytest.approx(2.5 * plan.hours)


@pytest.mark.parametrize(
    ("precision", "expected"), [("auto", "mixed_bfloat16"), ("float32", "float32")]
)
def test_auto_is_the_devices_precision(plan_of, precision, expected):
    assert plan_of(train={"precision": precision}).precision == expected


def test_what_does_not_fit_is_said_for_the_step_and_for_each_batch_size(plan_of, device):
    model = {"size": "albert-base-v2", "max_length": 512}
    missing = {"train": "none.tsv"}
    small = replace(device, memory_bytes=4 << 30)
    plan = plan_of(on=small, model=model, ingest=missing, train={"batch_size": 256})
    fits = {choice.batch_size: choice.fits for choice in plan.choices if not choice.checkpointing}
    assert not plan.fits
    assert fits[1]
    assert not fits[256]


def test_the_paper_s_model_on_the_table_s_gpus(plan_of):
    model = {"size": "albert-xxlarge-v2", "max_length": 512}
    missing = {"train": "none.tsv"}
    for name, fits in (("h100", True), ("t4", False)):
        plan = plan_of(on=DEVICES[name], model=model, ingest=missing, train={"batch_size": 8})
        assert plan.fits is fits
    assert plan.parameters.backbone == 222_595_584


def test_what_is_scored_for_masked_words_counts(plan_of):
    def pieces(max_length, **options):
        task, missing = {"name": "pretraining", **options}, {"train": "none.txt"}
        model = {"size": "albert-tiny", "max_length": max_length}
        train = {"steps": 10, "batch_size": 8}
        return plan_of(task=task, ingest=missing, model=model, train=train).memory.pieces

    assert 0 < pieces(512, max_predictions=20) == pieces(512) * 20 / 77
    assert pieces(128) == pieces(128, max_predictions=20)  # 15 % are no more than that
    assert plan_of(ingest={"train": "none.tsv"}).memory.pieces == 0


def test_a_step_computes_every_option_of_its_questions(plan_of):
    task, missing = {"name": "multiple_choice"}, {"train": "none.jsonl"}
    questions = plan_of(task=task, ingest=missing, train={"steps": 10, "batch_size": 8})
    texts = plan_of(ingest={"train": "none.tsv"}, train={"steps": 10, "batch_size": 32})
    assert questions.batch_size == 8
    assert questions.flops.total == pytest.approx(texts.flops.total, rel=0.01)
    assert questions.memory.activations == texts.memory.activations
    by_batch = {choice.batch_size: choice for choice in questions.choices if choice.checkpointing}
    others = {choice.batch_size: choice for choice in texts.choices if choice.checkpointing}
    assert by_batch[8].memory_bytes == pytest.approx(others[32].memory_bytes, rel=0.01)
    assert by_batch[8].hours == pytest.approx(others[32].hours, rel=0.01)
