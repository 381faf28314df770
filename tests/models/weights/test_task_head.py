import dataclasses

import keras_hub
import numpy as np
import pytest

from models.candidate import Candidate
from models.config import ModelConfig
from models.tasks import create_task
from models.tokenizer import AlbertTokenizer
from models.weights.hub import Hub
from models.weights.hugging_face import open_hugging_face
from models.weights.hugging_face_export import write_hugging_face
from models.weights.importing import import_weights
from models.weights.preset import open_preset, write_preset
from tests.models.weights.golden import VOCABULARY, copy_golden, load_golden


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported")
    source = copy_golden("classifier", folder / "source")
    import_weights(str(source), folder / "preset", Hub(cache=folder / "hub"))
    return folder / "preset"


def build(preset, labels, **options):
    return Candidate.build(
        create_task({"name": "classification", "labels": labels}),
        ModelConfig(weights=str(preset), max_length=40, **options),
        AlbertTokenizer(VOCABULARY.read_bytes()),
        seed=1,
        precision="float32",
    )


def kernel(candidate):
    return candidate.model.get_layer("logits").get_weights()[0]


def logits(candidate):
    golden = load_golden("classifier")
    names = {
        "token_ids": "input_ids",
        "segment_ids": "token_type_ids",
        "padding_mask": "attention_mask",
    }
    inputs = {name: golden[f"inputs/{theirs}"].astype("int32") for name, theirs in names.items()}
    return candidate.model(inputs, training=False).numpy()


def test_fine_tuning_starts_from_the_imported_classifier(preset):
    expected = load_golden("classifier")["outputs/logits"]
    np.testing.assert_allclose(
        logits(build(preset, ["bad", "good", "mixed"])), expected, rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("labels", [["good", "bad", "mixed"], ["bad", "good"], ["a", "b", "c"]])
def test_classifier_of_other_labels_starts_random(labels, preset):
    imported = kernel(build(preset, ["bad", "good", "mixed"]))
    random = kernel(build(preset, labels))
    assert random.shape != imported.shape or not np.allclose(random, imported)


def test_trained_model_is_exported_with_its_head(preset, tmp_path):
    candidate = build(preset, ["yes", "no"], classifier_dropout=0.2)
    candidate.save_preset(str(tmp_path / "trained"), str(VOCABULARY))
    (tmp_path / "exported").mkdir()
    write_hugging_face(open_preset(tmp_path / "trained"), tmp_path / "exported")
    exported = open_hugging_face(tmp_path / "exported")
    assert exported.info.labels == ("yes", "no")
    assert exported.info.classifier_dropout == 0.2
    np.testing.assert_array_equal(exported.heads["classifier/kernel"](), kernel(candidate))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves it open
def test_keras_hub_loads_backbone_and_tokenizer(preset):
    backbone = keras_hub.models.AlbertBackbone.from_preset(str(preset))
    assert type(backbone) is keras_hub.models.AlbertBackbone
    tokenizer = keras_hub.models.AlbertTokenizer.from_preset(str(preset))
    assert tokenizer.vocabulary_size() == backbone.vocabulary_size


@pytest.mark.parametrize(("given", "expected"), [(None, (0.1, 0.3)), (0.2, (0.2, None))])
def test_dropout_is_that_of_the_weights_unless_given(given, expected, tmp_path):
    opened = open_hugging_face(copy_golden("classifier", tmp_path / "source"))
    size = dataclasses.replace(opened.architecture, dropout=0.1, attention_dropout=0.3)
    (tmp_path / "preset").mkdir()
    write_preset(dataclasses.replace(opened, architecture=size), tmp_path / "preset")
    backbone = build(tmp_path / "preset", ["a", "b"], dropout=given).backbone
    assert (backbone.dropout, backbone.attention_dropout) == expected
