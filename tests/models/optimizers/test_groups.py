import keras
import numpy as np
import pytest

from models.backbone import create_backbone
from models.config import RateFactors
from models.optimizers.create import create_optimizer
from models.optimizers.groups import freeze, group_of
from models.tasks import create_task
from schemas.errors import UserError
from tests.models.tiny_training import MODEL, TASK

GROUPS = {
    "embeddings": {
        "token_embedding/embeddings",
        "position_embedding/embeddings",
        "segment_embedding/embeddings",
        "embeddings_layer_norm/gamma",
        "embeddings_layer_norm/beta",
        "embedding_projection/kernel",
        "embedding_projection/bias",
    },
    "head": {"logits/kernel", "logits/bias"},
}


def build():
    return create_task(TASK).build_model(create_backbone(MODEL, 50), dropout=0.0, seed=0)


@pytest.fixture(scope="module")
def model():
    return build()


def paths(variables):
    return {variable.path for variable in variables}


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_its_variables_and_no_others(model, group):
    found = {path for path in paths(model.trainable_variables) if group_of(path) == group}
    assert found == GROUPS[group]


def test_the_rest_are_the_shared_layers(model):
    shared = paths(model.trainable_variables) - set.union(*GROUPS.values())
    assert {group_of(path) for path in shared} == {"shared"}
    assert {path.split("/")[0] for path in shared} == {"group_0_inner_layer_0", "pooled_dense"}


@pytest.mark.parametrize("optimizer", ["adamw", "lamb"])
def test_a_factor_scales_the_whole_update_of_its_group(optimizer):
    def changes(factor):
        generator = np.random.default_rng(0)
        variables = [
            keras.Variable(generator.normal(size=(2, 3)).astype("float32"), name=name)
            for name in ("kernel", "bias")
        ]
        before = [variable.numpy() for variable in variables]
        made = create_optimizer(
            0.1,
            name=optimizer,
            weight_decay=0.5,
            clip_norm=1.0,
            rate_factors=RateFactors(head=factor),
        )
        gradients = [keras.ops.convert_to_tensor(generator.normal(size=(2, 3)), "float32")] * 2
        made.apply(gradients, variables)
        return [after.numpy() - old for after, old in zip(variables, before, strict=True)]

    for half, whole in zip(changes(0.5), changes(1.0), strict=True):
        np.testing.assert_allclose(half, 0.5 * whole, rtol=1e-4, atol=1e-7)
        assert np.abs(whole).min() > 0


def test_factor_zero_takes_a_group_out_of_training():
    model = build()
    freeze(model, RateFactors(embeddings=0.0))
    assert {group_of(path) for path in paths(model.trainable_variables)} == {"shared", "head"}


def test_a_frozen_group_can_be_trained_again():
    model = build()
    freeze(model, RateFactors(embeddings=0.0))
    for variable in model.variables:
        variable.trainable = True
    freeze(model, RateFactors())
    assert {group_of(path) for path in paths(model.trainable_variables)} == {
        "embeddings",
        "shared",
        "head",
    }


def test_freezing_everything_is_refused(model):
    frozen = RateFactors(embeddings=0.0, shared=0.0, head=0.0)
    with pytest.raises(UserError, match="must leave something to train"):
        freeze(build(), frozen)
