import numpy as np
import pytest

from models.weights.hugging_face import open_hugging_face
from tests.models.weights.golden import (
    CASES,
    RTOL,
    Imported,
    copy_golden,
    load_golden,
    named_tensors,
)

WORDS = "embeddings.word_embeddings.weight"


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    folder = copy_golden(request.param, tmp_path_factory.mktemp("golden") / request.param)
    checkpoint = open_hugging_face(folder)
    golden = load_golden(request.param)
    return checkpoint, golden, Imported(checkpoint, golden)


def test_outputs_are_those_of_transformers(case):
    """But for padding, which transformers computes too and nobody reads."""
    _, golden, imported = case
    outputs = imported.outputs()
    expected = {name for name in golden if name.startswith("outputs/")}
    assert {f"outputs/{name}" for name in outputs} == expected
    mask = golden["inputs/attention_mask"].astype(bool)
    for name, value in outputs.items():
        theirs = golden[f"outputs/{name}"]
        read = mask if theirs.shape[:2] == mask.shape else ...
        scale = np.abs(theirs[read]).max()
        np.testing.assert_allclose(
            value.numpy()[read], theirs[read], rtol=RTOL, atol=RTOL * scale, err_msg=name
        )


def test_gradients_of_a_training_step_are_those_of_transformers(case):
    """Relative to the tensor, or to a 30th of the largest: the bias of keys has no gradient."""
    checkpoint, golden, imported = case
    loss, gradients = imported.gradients()
    np.testing.assert_allclose(loss, golden["loss"], rtol=RTOL)
    expected = {
        name.removeprefix("gradients/").removeprefix("albert."): value
        for name, value in golden.items()
        if name.startswith("gradients/")
    }
    named = {tensor.hugging_face: tensor for tensor in named_tensors(checkpoint)}
    largest = max(np.abs(value).max() for value in expected.values())
    for name, value in expected.items():
        tensor = named[name]
        ours = tensor.to_hugging_face(gradients[tensor.variable])
        # The scores of padding are part of that loss, and PyTorch never trains the padding's row.
        rows = slice(int(name == WORDS and "inputs/start_positions" in golden), None)
        scale = max(np.abs(value).max(), largest / 30)
        np.testing.assert_allclose(
            ours[rows],
            value[rows],
            rtol=RTOL,
            atol=RTOL * scale,
            err_msg=name,
        )
