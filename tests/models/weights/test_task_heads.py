import dataclasses
import shutil
from types import SimpleNamespace

import keras
import keras_hub
import numpy as np
import pytest

from models.albert.heads import MaskedLanguageModelHead, dense_head
from models.candidate import Candidate
from models.config import ModelConfig
from models.tasks import create_task
from models.tokenizer import AlbertTokenizer
from models.weights.hub import Hub
from models.weights.hugging_face import open_hugging_face
from models.weights.hugging_face_export import write_hugging_face
from models.weights.importing import import_weights
from models.weights.preset import load_backbone, open_preset, write_preset
from models.weights.task_heads import load_heads, save_heads
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


def test_classifier_beside_token_embeddings_alone_starts_random(preset):
    labels = ["bad", "good", "mixed"]
    taken = build(preset, labels, reuse="token_embeddings")
    assert not np.allclose(kernel(taken), kernel(build(preset, labels)))


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


@pytest.mark.parametrize(
    ("of_weights", "given", "expected"), [(0.3, None, 0.3), (0.3, 0.2, 0.2), (None, None, 0.1)]
)
def test_dropout_before_the_head_is_that_of_the_weights_unless_given(
    of_weights, given, expected, tmp_path
):
    opened = open_hugging_face(copy_golden("classifier", tmp_path / "source"))
    info = opened.info.model_copy(update={"classifier_dropout": of_weights})
    (tmp_path / "preset").mkdir()
    write_preset(dataclasses.replace(opened, info=info), tmp_path / "preset")
    if of_weights is None:  # as KerasHub writes presets
        (tmp_path / "preset" / "weights.json").unlink()
    candidate = build(tmp_path / "preset", ["a", "b"], classifier_dropout=given)
    assert candidate.model.get_layer("logits_dropout").rate == expected


PRETRAINING = SimpleNamespace(
    name="pretraining", weights_heads={"mlm": "mlm", "sop": "sop"}, labels=(), problem_type=""
)


def pretraining_model(preset):
    """A backbone with random heads for masked words and the order of sentences."""
    backbone = load_backbone(preset)
    hidden = backbone(backbone.input)
    words = MaskedLanguageModelHead(backbone.token_embedding, seed=1, name="mlm")
    order = dense_head(hidden["pooled_output"], 2, dropout=0.1, seed=1, name="sop")
    return keras.Model(backbone.input, [words(hidden["sequence_output"]), order])


def test_heads_of_pretraining_go_from_preset_to_preset(tmp_path):
    source = copy_golden("pretraining", tmp_path / "source")
    import_weights(str(source), tmp_path / "before", Hub(cache=tmp_path / "hub"))
    model = pretraining_model(tmp_path / "before")
    assert load_heads(model, PRETRAINING, tmp_path / "before") == ("mlm", "sop")
    shutil.copytree(tmp_path / "before", tmp_path / "after")
    (tmp_path / "after" / "heads.safetensors").unlink()
    save_heads(model, PRETRAINING, ModelConfig(), tmp_path / "after")
    before, after = (open_preset(tmp_path / name) for name in ("before", "after"))
    assert after.info.heads == before.info.heads == {"mlm": 0, "sop": 2}
    assert len(before.heads) == 7
    for name, read in before.heads.items():
        np.testing.assert_array_equal(after.heads[name](), read(), err_msg=name)


def test_a_head_that_the_preset_has_not_starts_random(preset):
    model = pretraining_model(preset)
    before = model.get_layer("sop").get_weights()
    assert load_heads(model, PRETRAINING, preset) == ()
    np.testing.assert_array_equal(model.get_layer("sop").get_weights()[0], before[0])
