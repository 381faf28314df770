import pytest

from models.plan.memory import SLACK, StepSetup, step_memory
from models.plan.parameters import count_parameters
from models.plan.shape import ModelShape

BASE = ModelShape(12, 12, 768, 3072, 128, 512, 30_000, 2)
XXLARGE = ModelShape(12, 64, 4096, 16384, 128, 512, 30_000, 2)


def memory(shape=BASE, **setup):
    return step_memory(
        shape, StepSetup(**{"rows": 8, "length": 128, "precision": "float32"} | setup)
    )


def always(found):
    return found.weights + found.casts + found.moments + found.sums


def tensors(found):
    return found.total - found.framework - found.slack


def test_what_follows_from_the_parameters():
    parameters = count_parameters(XXLARGE).total
    found = memory(XXLARGE, precision="mixed_bfloat16")
    assert found.weights == 4 * parameters
    assert found.moments == 8 * parameters
    assert found.casts == pytest.approx(2 * parameters, rel=0.1)
    assert found.shared_gradients == pytest.approx(12 * found.casts, rel=0.01)
    assert memory(XXLARGE).casts == 3 * 4096**2 * 4


def test_accumulation_adds_a_sum_of_the_gradients():
    assert memory().sums == 0
    assert memory(accumulation=4).sums == memory().weights


def test_checkpointing_keeps_the_inputs_of_the_layers_and_what_is_computed():
    assert memory(checkpointing=True).scores == pytest.approx(memory().scores * 2 / 13)
    assert memory(checkpointing=True).activations < memory().activations / 4


def test_sixteen_bits_need_less_for_activations():
    assert memory(precision="mixed_bfloat16").activations < memory().activations


@pytest.mark.parametrize(("change", "factor"), [({"rows": 16}, 2), ({"length": 256}, 4)])
def test_scores_grow_with_rows_and_the_square_of_the_length(change, factor):
    assert memory(**change).scores == factor * memory().scores


def test_fused_attention_keeps_a_value_of_each_row_of_scores():
    assert memory(fused_attention=True).scores == memory().scores / 128


def test_the_peak_is_where_most_is_kept():
    short = memory(XXLARGE, rows=1, length=8)
    assert tensors(short) == always(short) + short.shared_gradients
    long = memory(rows=64)
    assert tensors(long) == always(long) + long.activations + long.scores


def test_with_checkpointing_what_is_kept_stays_until_the_last_gradient():
    found = memory(checkpointing=True)
    kept = found.activations + found.scores
    assert tensors(found) == always(found) + kept + found.shared_gradients


def test_slack_is_a_share_of_the_tensors():
    assert memory().slack == pytest.approx(SLACK * tensors(memory()))


@pytest.mark.parametrize(
    ("shape", "setup", "measured_mib"),
    [
        (BASE, {"precision": "float32"}, 1811),
        (BASE, {"precision": "float32", "checkpointing": True}, 1638),
        (BASE, {"rows": 16}, 2028),
        (XXLARGE, {"rows": 1, "length": 512, "checkpointing": True}, 9523),
    ],
)
def test_peaks_that_were_measured(shape, setup, measured_mib):
    """Peak resident sizes of `python -m benchmarks.plan`; the last of docs/decisions/0008."""
    planned = memory(shape, **{"precision": "mixed_bfloat16"} | setup).total
    assert planned / 2**20 == pytest.approx(measured_mib, rel=0.1)
