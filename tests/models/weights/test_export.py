import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from models.weights.hub import Hub
from models.weights.hugging_face import open_hugging_face
from models.weights.hugging_face_export import write_hugging_face
from models.weights.importing import import_weights
from models.weights.preset import open_preset
from models.weights.tf1 import open_tf1
from models.weights.torch_file import read_torch_file
from tests.models.weights.golden import CASES, GOLDENS, VOCABULARY, copy_golden
from tests.models.weights.tf1_checkpoint import write_tf1

TRANSFORMERS_PYTHON = os.environ.get("TRANSFORMERS_PYTHON", "")
"""Interpreter of an environment with transformers and torch, which are no dependencies here."""

NO_HUB = Hub(cache=Path("missing"), endpoint="http://127.0.0.1:9")


def stored(folder):
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(path)
    for path in folder.glob("*.bin"):
        tensors |= {name: tensor.read() for name, tensor in read_torch_file(path).items()}
    # torch.save keeps the tied weights twice, safetensors once.
    return {name: value for name, value in tensors.items() if "predictions.decoder" not in name}


@pytest.fixture(scope="module", params=CASES)
def round_trip(request, tmp_path_factory):
    """A golden model, imported to a preset, and exported again."""
    folder = tmp_path_factory.mktemp(request.param)
    import_weights(str(GOLDENS / request.param), folder / "preset", NO_HUB, vocabulary=VOCABULARY)
    (folder / "exported").mkdir()
    write_hugging_face(open_preset(folder / "preset"), folder / "exported")
    return GOLDENS / request.param, folder / "exported"


def test_tensors_come_back_to_the_byte(round_trip):
    before, after = (stored(folder) for folder in round_trip)
    assert before.keys() == after.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value, err_msg=name)


def test_config_comes_back(round_trip):
    before, after = (json.loads((folder / "config.json").read_text()) for folder in round_trip)
    told = ("transformers_version", "tie_word_embeddings", "label2id")
    assert {key: value for key, value in before.items() if key not in told}.items() <= after.items()


def test_vocabulary_comes_along(round_trip):
    assert (round_trip[1] / "spiece.model").read_bytes() == VOCABULARY.read_bytes()


def test_an_original_checkpoint_becomes_the_same_tensors(tmp_path):
    (tmp_path / "exported").mkdir()
    write_hugging_face(open_tf1(write_tf1("pretraining", tmp_path)), tmp_path / "exported")
    before, after = stored(GOLDENS / "pretraining"), stored(tmp_path / "exported")
    assert before.keys() == after.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value, err_msg=name)


def test_exported_folder_is_a_source_again(round_trip):
    assert open_hugging_face(round_trip[1]).vocabulary == VOCABULARY.read_bytes()


@pytest.mark.skipif(
    not TRANSFORMERS_PYTHON,
    reason="transformers and torch are no dependencies; name an interpreter that has them: "
    "TRANSFORMERS_PYTHON",
)
def test_transformers_gives_the_same_outputs(round_trip):
    script = Path(__file__).with_name("check_export.py")
    subprocess.run([TRANSFORMERS_PYTHON, script, *map(str, round_trip)], check=True)


def test_golden_copy_needs_no_other_vocabulary(tmp_path):
    assert open_hugging_face(copy_golden("model", tmp_path / "model")).info.heads == {}
