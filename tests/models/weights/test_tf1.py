import json

import numpy as np
import pytest

from models.weights.checkpoint import default_labels
from models.weights.tf1 import open_tf1
from schemas.errors import UserError
from tests.models.weights.golden import RTOL, VOCABULARY, Imported, load_golden
from tests.models.weights.tf1_checkpoint import write_tf1


@pytest.fixture(scope="module", params=["pretraining", "classifier"])
def imported(request, tmp_path_factory):
    folder = write_tf1(request.param, tmp_path_factory.mktemp("tf1") / request.param)
    return Imported(open_tf1(folder), load_golden(request.param))


def test_outputs_are_those_of_the_same_weights_in_transformers(imported):
    """The original's `gelu` is transformers' `gelu_new`, which the golden model has."""
    mask = imported.golden["inputs/attention_mask"].astype(bool)
    for name, value in imported.outputs().items():
        theirs = imported.golden[f"outputs/{name}"]
        read = mask if theirs.shape[:2] == mask.shape else ...
        scale = np.abs(theirs[read]).max()
        np.testing.assert_allclose(value.numpy()[read], theirs[read], atol=RTOL * scale)


def test_heads_come_along(tmp_path):
    info = open_tf1(write_tf1("pretraining", tmp_path)).info
    assert (info.layout, info.heads, info.labels) == ("TF1", {"mlm": 0, "sop": 2}, ())


def test_classifier_has_the_default_labels(tmp_path):
    info = open_tf1(write_tf1("classifier", tmp_path)).info
    assert info.labels == default_labels(3)


def test_the_latest_checkpoint_is_read(tmp_path):
    write_tf1("classifier", tmp_path, step=900)
    newest = write_tf1("classifier", tmp_path, step=10_000)
    for path in newest.glob("model.ckpt-900.*"):
        path.write_bytes(b"")
    assert open_tf1(newest).info.heads == {"classifier": 3}


def test_names_of_a_hub_module(tmp_path):
    folder = write_tf1("classifier", tmp_path, prefix="module/")
    assert open_tf1(folder).info.heads == {"classifier": 3}


def test_vocabulary_beside_the_folder(tmp_path):
    folder = write_tf1("classifier", tmp_path)
    (folder / "30k-clean.model").unlink()
    assert open_tf1(folder, VOCABULARY).vocabulary == VOCABULARY.read_bytes()
    with pytest.raises(UserError, match=r"must be given; received .*; name it with --vocabulary"):
        open_tf1(folder)


def test_unexpected_variables_are_named(tmp_path):
    folder = write_tf1("classifier", tmp_path, more={"bert/new/kernel": np.ones(2, "float32")})
    with pytest.raises(UserError, match=r"1 unexpected: new/kernel; give the config"):
        open_tf1(folder)


def test_cut_checkpoint(tmp_path):
    folder = write_tf1("classifier", tmp_path)
    (data,) = folder.glob("*.data-*")
    data.write_bytes(data.read_bytes()[:1000])
    checkpoint = open_tf1(folder)
    with pytest.raises(UserError, match="must be a whole TF1 checkpoint; it cannot be read"):
        [read() for read in checkpoint.tensors.values()]


def test_index_without_data(tmp_path):
    folder = write_tf1("classifier", tmp_path)
    (index,) = folder.glob("*.index")
    index.write_bytes(index.read_bytes()[:100])
    with pytest.raises(UserError, match="must be a whole TF1 checkpoint; it cannot be read"):
        open_tf1(folder)


@pytest.mark.parametrize("key", ["down_scale_factor", "gap_size", "net_structure_type"])
def test_what_the_original_never_published_is_refused(key, tmp_path):
    folder = write_tf1("classifier", tmp_path)
    path = folder / "albert_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: 2}))
    with pytest.raises(UserError, match=rf"{key} must be [01]; received 2; import other weights"):
        open_tf1(folder)
