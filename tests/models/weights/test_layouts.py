"""The ways in which one and the same class of transformers may have been saved."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.weights.hugging_face import open_hugging_face
from models.weights.torch_file import read_torch_file
from tests.models.weights.golden import RTOL, Imported, copy_golden, load_golden

PREFIX = "albert."
HEADS = ("predictions.", "sop_classifier.", "classifier.")


def resaved(name, folder, change):
    """Returns a golden model's folder with `change`d tensors, in one .safetensors file."""
    copy_golden(name, folder)
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(path)
        path.unlink()
    for path in folder.glob("*.bin"):
        tensors |= {key: tensor.read() for key, tensor in read_torch_file(path).items()}
        path.unlink()
    (folder / "model.safetensors.index.json").unlink(missing_ok=True)
    changed = {key: np.array(value) for key, value in change(tensors).items()}
    save_file(changed, folder / "model.safetensors")
    return folder


def with_prefix(tensors):
    return {key if key.startswith(HEADS) else PREFIX + key: v for key, v in tensors.items()}


def without_prefix(tensors):
    return {key.removeprefix(PREFIX): value for key, value in tensors.items()}


def with_pooler(tensors):
    """As transformers saved models for masked words before it left the pooler out of them."""
    width = tensors[f"{PREFIX}encoder.embedding_hidden_mapping_in.bias"].shape[0]
    return tensors | {
        f"{PREFIX}pooler.weight": np.full((width, width), 0.5, "float32"),
        f"{PREFIX}pooler.bias": np.full(width, 0.25, "float32"),
    }


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("model", with_prefix),
        ("model_without_pooler", with_prefix),
        ("pretraining", without_prefix),
        ("masked_lm", without_prefix),
        ("classifier", without_prefix),
        ("masked_lm", with_pooler),
    ],
)
def test_outputs_are_the_same_whatever_the_prefix(name, change, tmp_path):
    checkpoint = open_hugging_face(resaved(name, tmp_path / name, change))
    golden = load_golden(name)
    mask = golden["inputs/attention_mask"].astype(bool)
    outputs = Imported(checkpoint, golden).outputs()
    assert outputs
    for key, value in outputs.items():
        theirs = golden[f"outputs/{key}"]
        read = mask if theirs.shape[:2] == mask.shape else ...
        scale = np.abs(theirs[read]).max()
        np.testing.assert_allclose(
            value.numpy()[read], theirs[read], rtol=RTOL, atol=RTOL * scale, err_msg=key
        )


def test_a_pooler_comes_along_where_the_class_has_none(tmp_path):
    checkpoint = open_hugging_face(resaved("masked_lm", tmp_path / "saved", with_pooler))
    assert checkpoint.info.has_pooler
    np.testing.assert_array_equal(checkpoint.tensors["pooled_dense/bias"](), np.full(32, 0.25))


def test_a_class_that_is_not_named_is_known_by_its_heads(tmp_path):
    folder = copy_golden("classifier", tmp_path / "classifier")
    config = json.loads((folder / "config.json").read_text())
    del config["architectures"]
    (folder / "config.json").write_text(json.dumps(config))
    assert open_hugging_face(folder).info.heads == {"classifier": 3}
