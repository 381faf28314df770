import keras
import numpy as np
import pytest

from models.backbone import create_backbone
from models.optimizers.create import create_optimizer
from models.optimizers.schedule import WarmupLinearDecay
from models.tasks import create_task
from tests.models.tiny_training import MODEL, TASK


def rates(schedule, steps):
    return [float(schedule(step)) for step in range(steps)]


def test_rate_rises_to_the_peak_and_falls_to_zero():
    assert rates(WarmupLinearDecay(1.0, 4, 9), 10) == pytest.approx(
        [0.25, 0.5, 0.75, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0]
    )


def test_without_warm_up_the_first_rate_is_the_peak():
    assert rates(WarmupLinearDecay(2.0, 0, 4), 5) == pytest.approx([2.0, 1.5, 1.0, 0.5, 0.0])


def test_rate_stays_zero_after_the_end():
    assert float(WarmupLinearDecay(1.0, 2, 5)(9)) == 0.0


@pytest.mark.parametrize(("warmup", "total"), [(-1, 5), (5, 5), (6, 5), (0, 0)])
def test_impossible_schedules_are_refused(warmup, total):
    with pytest.raises(ValueError, match=f"warmup_steps={warmup}, total_steps={total}"):
        WarmupLinearDecay(1.0, warmup, total)


def test_schedule_is_serialised_with_its_optimizer():
    optimizer = create_optimizer(WarmupLinearDecay(1e-3, 3, 9), weight_decay=0.01, clip_norm=1.0)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    schedule = again._learning_rate
    assert isinstance(schedule, WarmupLinearDecay)
    assert schedule.get_config() == {"peak": 1e-3, "warmup_steps": 3, "total_steps": 9}


def test_constants_are_those_of_the_paper():
    config = create_optimizer(1e-3, weight_decay=0.01, clip_norm=1.0).get_config()
    names = ("beta_1", "beta_2", "epsilon", "decay", "global_clipnorm")
    assert [config[name] for name in names] == [0.9, 0.999, 1e-6, 0.01, 1.0]


@pytest.fixture(scope="module")
def decayed():
    """Variables that a step without gradient shrinks, by path, of all trainable ones of a model."""
    model = create_task(TASK).build_model(create_backbone(MODEL, 50), dropout=0.0, seed=0)
    for variable in model.trainable_variables:
        variable.assign(np.ones(variable.shape))
    optimizer = create_optimizer(0.5, weight_decay=0.1, clip_norm=1.0)
    gradients = [keras.ops.zeros(variable.shape) for variable in model.trainable_variables]
    optimizer.apply(gradients, model.trainable_variables)
    return {
        variable.path: np.unique(variable.numpy()).tolist()
        for variable in model.trainable_variables
    }


def test_every_kernel_and_embedding_is_decayed_by_rate_times_decay(decayed):
    shrunk = {path: values for path, values in decayed.items() if values != [1.0]}
    assert set(shrunk) == {
        "token_embedding/embeddings",
        "position_embedding/embeddings",
        "segment_embedding/embeddings",
        "embedding_projection/kernel",
        "group_0_inner_layer_0/self_attention_layer/query/kernel",
        "group_0_inner_layer_0/self_attention_layer/key/kernel",
        "group_0_inner_layer_0/self_attention_layer/value/kernel",
        "group_0_inner_layer_0/self_attention_layer/attention_output/kernel",
        "group_0_inner_layer_0/feedforward_intermediate_dense/kernel",
        "group_0_inner_layer_0/feedforward_output_dense/kernel",
        "pooled_dense/kernel",
        "logits/kernel",
    }
    assert all(values == pytest.approx([0.95]) for values in shrunk.values())


def test_no_bias_and_no_layer_norm_is_decayed(decayed):
    kept = {path for path, values in decayed.items() if values == [1.0]}
    assert kept == {
        "embeddings_layer_norm/gamma",
        "embeddings_layer_norm/beta",
        "embedding_projection/bias",
        "group_0_inner_layer_0/self_attention_layer/query/bias",
        "group_0_inner_layer_0/self_attention_layer/key/bias",
        "group_0_inner_layer_0/self_attention_layer/value/bias",
        "group_0_inner_layer_0/self_attention_layer/attention_output/bias",
        "group_0_inner_layer_0/self_attention_layer_norm/gamma",
        "group_0_inner_layer_0/self_attention_layer_norm/beta",
        "group_0_inner_layer_0/feedforward_layer_norm/gamma",
        "group_0_inner_layer_0/feedforward_layer_norm/beta",
        "group_0_inner_layer_0/feedforward_intermediate_dense/bias",
        "group_0_inner_layer_0/feedforward_output_dense/bias",
        "pooled_dense/bias",
        "logits/bias",
    }


def test_update_is_that_of_adamw_written_out():
    variable = keras.Variable(np.array([1.0, -2.0, 0.5], np.float32), name="kernel")
    optimizer = create_optimizer(0.1, weight_decay=0.01, clip_norm=1.0)
    gradients = [np.array([3.0, 0.0, 4.0], np.float32), np.array([0.1, -0.2, 0.3], np.float32)]
    expected, first, second = np.array([1.0, -2.0, 0.5]), np.zeros(3), np.zeros(3)
    for step, gradient in enumerate(gradients, start=1):
        clipped = gradient * min(1.0, 1.0 / np.linalg.norm(gradient))
        first = 0.9 * first + 0.1 * clipped
        second = 0.999 * second + 0.001 * clipped**2
        scale = np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        expected = expected * (1 - 0.1 * 0.01) - 0.1 * scale * first / (np.sqrt(second) + 1e-6)
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-5)
