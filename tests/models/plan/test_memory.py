import pytest

from models.plan.memory import StepSetup, step_memory
from models.plan.parameters import count_parameters
from models.plan.shape import ModelShape

BASE = ModelShape(12, 12, 768, 3072, 128, 512, 30_000, 2)
XXLARGE = ModelShape(12, 64, 4096, 16384, 128, 512, 30_000, 2)


def memory(shape=BASE, **setup):
    return step_memory(
        shape, StepSetup(**{"rows": 8, "length": 128, "precision": "float32"} | setup)
    )


def test_what_follows_from_the_parameters():
    parameters = count_parameters(XXLARGE).total
    found = memory(XXLARGE, precision="mixed_bfloat16")
    assert found.weights == 4 * parameters
    assert found.moments == 8 * parameters
    assert memory(XXLARGE).casts == 0
    assert found.casts == pytest.approx(2 * parameters, rel=0.1)


def test_accumulation_adds_a_sum_of_the_gradients():
    assert memory(accumulation=4).gradients == memory().gradients + memory().weights


def test_checkpointing_keeps_one_layers_scores():
    assert memory(checkpointing=True).scores == pytest.approx(memory().scores / 12, rel=1e-6)
    assert memory(checkpointing=True).activations < memory().activations / 4


def test_sixteen_bits_need_less_for_activations():
    assert memory(precision="mixed_bfloat16").activations < memory().activations


@pytest.mark.parametrize(("change", "factor"), [({"rows": 16}, 2), ({"length": 256}, 4)])
def test_scores_grow_with_rows_and_the_square_of_the_length(change, factor):
    assert memory(**change).scores == factor * memory().scores


def test_the_peak_is_in_the_backward_pass_or_in_the_update():
    small, large = memory(XXLARGE, rows=1, length=8), memory(rows=64)
    assert small.total == small.fixed + small.update
    assert large.total == large.fixed + large.activations + large.scores
