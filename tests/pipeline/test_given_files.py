"""What a training reads beside its data is looked at with the config, before anything runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.loading import load_config
from schemas.errors import UserError

_GOLDENS = Path(__file__).parents[1] / "models" / "weights" / "goldens"


@pytest.fixture
def config_file(tmp_path, monkeypatch):
    """Writes a config into an empty working directory."""
    monkeypatch.chdir(tmp_path)

    def write(**sections) -> Path:
        values = {
            "name": "news",
            "task": {"name": "classification", "labels": ["good", "bad"]},
            "ingest": {"train": "train.tsv"},
            **sections,
        }
        path = tmp_path / "news.yaml"
        path.write_text(yaml.safe_dump(values))
        return path

    return write


def test_every_wrong_file_is_told_at_once_with_its_key(config_file):
    path = config_file(
        model={"weights": "./albert"},
        vocabulary={"model": "none.spm"},
        validation={"schema_file": "none.pbtxt"},
    )
    with pytest.raises(UserError) as raised:
        load_config(path, trains_here=True)
    message = str(raised.value)
    assert message.startswith(f"{path}: 3 problems")
    assert "model.weights: the source must be a folder, or the name of weights; received" in message
    assert "vocabulary.model: must be a SentencePiece model file; received none.spm" in message
    assert "validation.schema_file: must be a schema" in message
    assert message.count("none.pbtxt") == 1


def test_a_command_that_does_not_train_here_needs_no_such_file(config_file):
    path = config_file(model={"weights": "./albert"}, validation={"schema_file": "none.pbtxt"})
    assert load_config(path).model.weights == "./albert"


@pytest.mark.parametrize(
    "weights",
    [
        "albert-bas-v2",
        "here/albert",
        "here",
        "bert",
        "https://huggingface.co/albert/albert-base-v2",
        "huggingface://albert/albert-base-v2",
    ],
)
def test_weights_that_cannot_be_are_refused(config_file, weights):
    Path("here").mkdir()
    Path("bert").mkdir()
    Path("bert/model.safetensors").touch()
    Path("bert/config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(UserError, match=r"1 problem\n  model.weights: "):
        load_config(config_file(model={"weights": weights}), trains_here=True)


@pytest.mark.parametrize(
    "weights",
    [
        "albert-base-v2",
        "albert_base_en_uncased",
        "albert/albert-base-v2",
        "someone/albert",
        "hf://here/albert",
        "kaggle://keras/albert/keras/albert_base_en_uncased",
        "modelscope://keras/albert_base_en_uncased",
        str(_GOLDENS / "classifier"),
    ],
)
def test_weights_that_may_be_are_left_to_the_run(config_file, weights):
    Path("here").mkdir()
    config = load_config(config_file(model={"weights": weights}), trains_here=True)
    assert config.model.weights == weights


def test_a_schema_of_other_labels_is_refused(config_file):
    Path("news.pbtxt").write_text(
        'feature { name: "label" type: BYTES string_domain { value: "0" value: "1" } }'
    )
    path = config_file(validation={"schema_file": "news.pbtxt"})
    with pytest.raises(UserError, match=r"task.labels must be the labels of the schema news.pbtxt"):
        load_config(path, trains_here=True)


def test_tensorflow_is_not_loaded_to_look(config_file):
    Path("news.pbtxt").touch()
    path = config_file(
        model={"weights": str(_GOLDENS / "classifier")},
        validation={"schema_file": str(Path("news.pbtxt").absolute())},
    )
    code = (
        "import sys; from pathlib import Path; from pipeline.loading import load_config; "
        "load_config(Path(sys.argv[1]), trains_here=True); "
        "sys.exit(bool({'tensorflow', 'keras', 'apache_beam'} & set(sys.modules)))"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=root, check=False)
    assert done.returncode == 0
