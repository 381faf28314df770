import pytest
from pydantic import ValidationError

from models.batching import EpochSize
from models.config import TrainConfig
from models.recipes import PAPER_RECIPES, Recipe
from models.training.plan import batch_size, plan_training

RECIPE = Recipe(learning_rate=1e-5, batch_size=32, epochs=3.0)
EPOCH = EpochSize(batch_size=32, rows=3200, batches=100, tokens=1, padded_tokens=1)


def plan(**config):
    return plan_training(TrainConfig(**config), RECIPE, EPOCH, precision="float32")


def test_recipe_fills_in_what_the_config_leaves_out():
    made = plan()
    assert (made.learning_rate, made.batch_size, made.steps) == (1e-5, 32, 300)


def test_config_overrides_the_recipe():
    made = plan(learning_rate=1e-3, batch_size=8, epochs=0.5)
    assert (made.learning_rate, made.batch_size, made.steps) == (1e-3, 8, 50)


def test_steps_are_taken_as_they_are():
    assert plan(steps=7).steps == 7


def test_a_named_recipe_of_the_paper_replaces_that_of_the_task():
    made = plan(recipe="mnli")
    assert (made.learning_rate, made.batch_size) == (3e-5, 128)
    assert (made.steps, made.warmup_steps) == (10_000, 1_000)


@pytest.mark.parametrize("name", PAPER_RECIPES)
def test_a_recipe_gives_its_own_warm_up_to_its_steps(name):
    made = plan(recipe=name)
    assert made.warmup_steps == round(PAPER_RECIPES[name].warmup_ratio * made.steps)


def test_config_overrides_a_named_recipe():
    made = plan(recipe="mnli", epochs=0.5, learning_rate=1e-4, optimizer="lamb")
    assert (made.steps, made.learning_rate, made.optimizer) == (50, 1e-4, "lamb")


def test_accumulation_splits_the_batch_of_the_recipe():
    made = plan(accumulation=4)
    assert (made.batch_size, made.accumulation) == (8, 4)


def test_a_step_with_accumulation_takes_several_batches():
    made = plan(accumulation=2, batch_size=32, epochs=3)
    assert (made.steps, made.batches(made.steps)) == (150, 300)


def test_batch_size_is_known_before_the_data_is_measured():
    assert batch_size(TrainConfig(), RECIPE) == 32
    assert batch_size(TrainConfig(batch_size=4), RECIPE) == 4


@pytest.mark.parametrize(
    ("steps", "ratio", "expected"), [(1000, 0.06, 60), (10, 0.06, 1), (300, 0.0, 0), (1, 0.9, 0)]
)
def test_warm_up_is_a_share_of_the_steps(steps, ratio, expected):
    assert plan(steps=steps, warmup_ratio=ratio).warmup_steps == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"steps": 300}, 30),
        ({"steps": 305}, 31),
        ({"steps": 4}, 1),
        ({"steps": 300, "eval_every": 70}, 70),
        ({"steps": 5, "eval_every": 70}, 5),
    ],
)
def test_there_are_ten_evaluations_unless_the_config_says_otherwise(config, expected):
    assert plan(**config).eval_every == expected


def test_seed_is_the_first_unless_another_is_asked_for():
    assert plan(seeds=(3, 4)).seed == 3
    config = TrainConfig(seeds=(3, 4))
    assert plan_training(config, RECIPE, EPOCH, precision="float32", seed=4).seed == 4


def test_a_seed_is_named_once():
    with pytest.raises(ValidationError, match=r"seeds must differ; received \[1, 1\]"):
        TrainConfig(seeds=(1, 1))
