"""What cannot be imported is refused, with the rule, what was received, and what to do."""

import io
import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.backbone import create_backbone
from models.config import ModelConfig
from models.weights.hub import Hub
from models.weights.importing import import_weights
from models.weights.names import backbone_tensors
from models.weights.sources import PUBLISHED, open_checkpoint
from models.weights.torch_file import read_torch_file
from schemas.errors import UserError
from tests.models.weights.golden import copy_golden

NO_HUB = Hub(cache=Path("missing"), endpoint="http://127.0.0.1:9")


@pytest.fixture
def classifier(tmp_path):
    return copy_golden("classifier", tmp_path / "classifier")


@pytest.fixture
def masked_lm(tmp_path):
    return copy_golden("masked_lm", tmp_path / "masked_lm")


def set_config(folder, **values):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def open_(source):
    return open_checkpoint(str(source), NO_HUB)


@pytest.mark.parametrize("content", [[], ["notes.txt"], ["config.json", "spiece.model"]])
def test_folder_that_is_no_checkpoint(content, tmp_path):
    for name in content:
        (tmp_path / name).write_text("{}")
    held = ", ".join(content) or "nothing"
    with pytest.raises(UserError, match=rf"must be a KerasHub preset .*which holds {held}; name"):
        open_(tmp_path)


@pytest.mark.parametrize("kept", [0, 4, 100, 40_000])
def test_cut_safetensors(kept, classifier):
    path = classifier / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"must be a whole \.safetensors file; it cannot be read"):
        open_(classifier)


@pytest.mark.parametrize("kept", [0, 10, 1000, 40_000])
@pytest.mark.parametrize("golden", ["masked_lm", "model"])
def test_cut_bin(golden, kept, tmp_path):
    """The zip format and the one before it."""
    folder = copy_golden(golden, tmp_path / golden)
    path = folder / "pytorch_model.bin"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match="must be a whole PyTorch file of tensors; it cannot be"):
        open_(folder)


@pytest.mark.parametrize("kept", [0, 1000, 50_000])
def test_cut_h5(kept, classifier, tmp_path):
    import_weights(str(classifier), tmp_path / "preset", NO_HUB)
    path = tmp_path / "preset" / "model.weights.h5"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match="must be a whole KerasHub preset of ALBERT; it cannot be"):
        open_(tmp_path / "preset")


def test_missing_shard(tmp_path):
    folder = copy_golden("pretraining", tmp_path / "sharded")
    shard = sorted(folder.glob("*.safetensors"))[1]
    shard.unlink()
    with pytest.raises(UserError, match=rf"{shard.name} is missing; copy the whole folder again"):
        open_(folder)


def test_every_tensor_that_does_not_fit_is_named(classifier):
    path = classifier / "model.safetensors"
    tensors = load_file(path)
    del tensors["albert.pooler.bias"]
    tensors["albert.new.weight"] = np.zeros(3, "float32")
    tensors["classifier.weight"] = np.zeros((3, 31), "float32")
    save_file(tensors, path)
    expected = (
        r"1 missing: pooler.bias; 1 unexpected: new.weight; 1 of another shape: "
        r"classifier.weight is 3 x 31, not 3 x 32; give the config"
    )
    with pytest.raises(UserError, match=expected):
        open_(classifier)


def test_other_sizes_than_the_config_says(classifier):
    set_config(classifier, intermediate_size=64)
    with pytest.raises(UserError, match=r"ffn.weight is 48 x 32, not 64 x 32"):
        open_(classifier)


def test_vocabulary_of_another_size(classifier, vocabulary):
    (classifier / "spiece.model").write_bytes(vocabulary)
    with pytest.raises(UserError, match=r"as many pieces as the embedding .* the config says 77;"):
        open_(classifier)


def test_embedding_of_another_size_than_the_vocabulary(classifier):
    set_config(classifier, vocab_size=80)
    with pytest.raises(UserError, match=r"word_embeddings.weight is 77 x 16, not 80 x 16"):
        open_(classifier)


class Malicious:
    def __reduce__(self):
        return os.system, ("touch pwned",)


def write_archive(path, content):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", content)


@pytest.mark.parametrize("archive", [True, False])
def test_malicious_pickle_is_not_run(archive, masked_lm, monkeypatch):
    monkeypatch.chdir(masked_lm)
    path = masked_lm / "pytorch_model.bin"
    content = pickle.dumps({"weight": Malicious()})
    write_archive(path, content) if archive else path.write_bytes(content)
    with pytest.raises(UserError, match=r"calls \w+\.system, which is not run; convert it"):
        open_(masked_lm)
    assert not (masked_lm / "pwned").exists()


@pytest.mark.parametrize("value", [[1, 2], {"epoch": 3}, "text"])
def test_pickle_of_something_else(value, tmp_path):
    write_archive(tmp_path / "a.bin", pickle.dumps(value))
    with pytest.raises(UserError, match="holds something else than named tensors"):
        read_torch_file(tmp_path / "a.bin")


def test_view_beyond_its_storage(masked_lm):
    """A crafted stride must not read the memory of the process."""
    path = masked_lm / "pytorch_model.bin"
    changed = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, content[:8] if "/data/" in name else content)
    path.write_bytes(changed.getvalue())
    with pytest.raises(UserError, match="a tensor reaches beyond its storage"):
        [read() for read in open_(masked_lm).tensors.values()]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("position_embedding_type", "relative_key", "position_embedding_type must be 'absolute'"),
        ("hidden_act", "mish", "hidden_act must be one of gelu, .*; received 'mish'"),
        ("layer_norm_eps", 1e-5, "layer_norm_eps must be 1e-12; received 1e-05"),
        ("num_hidden_groups", 3, "num_hidden_layers must be a multiple of num_hidden_groups"),
        ("num_attention_heads", 5, "hidden_size must be a multiple of num_attention_heads"),
        ("model_type", "bert", "model_type must be 'albert'; received 'bert'"),
        ("hidden_size", "wide", "hidden_size must be a positive whole number; received 'wide'"),
        ("quantization_config", {"bits": 8}, "quantization_config must be unset"),
        ("is_decoder", True, "is_decoder must be False; received True"),
        ("tie_word_embeddings", False, "tie_word_embeddings must be True"),
    ],
)
def test_config_that_cannot_be_honoured(key, value, message, classifier):
    set_config(classifier, **{key: value})
    with pytest.raises(UserError, match=message):
        open_(classifier)


def test_every_problem_of_a_config_is_named(classifier):
    set_config(classifier, layer_norm_eps=1e-5, hidden_act="mish", vocab_size=0)
    with pytest.raises(UserError, match=r"vocab_size must .*layer_norm_eps must .*hidden_act must"):
        open_(classifier)


@pytest.mark.parametrize("option", [{"do_lower_case": False}, {"keep_accents": True}])
def test_tokenizer_with_other_rules(option, classifier):
    (classifier / "tokenizer_config.json").write_text(json.dumps(option))
    (name,) = option
    with pytest.raises(UserError, match=rf"{name} must be .*; import uncased weights"):
        open_(classifier)


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (
            "AlbertForMultipleChoice",
            r"2 of another shape: classifier.bias is 3, not 1, classifier.weight is 3 x 32, not 1",
        ),
        ("AlbertForQuestionAnswering", "2 unexpected: classifier.bias, classifier.weight"),
    ],
)
def test_head_of_another_class(architecture, message, classifier):
    set_config(classifier, architectures=[architecture])
    with pytest.raises(UserError, match=message):
        open_(classifier)


def test_labels_that_do_not_fit_the_classifier(classifier):
    set_config(classifier, id2label={"0": "bad", "1": "good"})
    with pytest.raises(UserError, match="id2label must name each of the 3 outputs"):
        open_(classifier)


def test_output_layer_with_weights_of_its_own(tmp_path):
    folder = copy_golden("pretraining", tmp_path / "untied")
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    name = "predictions.decoder.weight"
    index["weight_map"][name] = "more.safetensors"
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    save_file({name: np.zeros((77, 16), "float32")}, folder / "more.safetensors")
    with pytest.raises(UserError, match=rf"must share the weights .* others in {name}; import"):
        open_(folder)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("albert-bas-v2", "albert-base-v2"),
        ("albert_large_en", "albert_large_en_uncased"),
        ("nothing like it", "albert-base-v2, albert-large-v2"),
    ],
)
def test_unknown_name_lists_the_near_ones(name, near):
    with pytest.raises(UserError, match=rf"received '{name}', .*; near it: .*{near}"):
        open_(name)


def test_name_without_network():
    with pytest.raises(UserError, match=r"albert/albert-base-v2 must be fetched .*connect to the"):
        open_("albert-base-v2")


def test_published_names_are_those_of_the_paper_sizes():
    assert len(PUBLISHED) == 8
    assert PUBLISHED["albert-xxlarge-v2"] == "albert/albert-xxlarge-v2"


def test_more_positions_than_the_weights_have(classifier, tmp_path):
    import_weights(str(classifier), tmp_path / "preset", NO_HUB)
    with pytest.raises(UserError, match=r"model.max_length must be at most 40, .*; lower it"):
        create_backbone(ModelConfig(weights=str(tmp_path / "preset"), max_length=64), 77)


def test_destination_that_holds_something(classifier, tmp_path):
    with pytest.raises(UserError, match="must be a new or empty folder; received"):
        import_weights(str(classifier), tmp_path, NO_HUB)


def test_failed_import_leaves_nothing(masked_lm, tmp_path):
    """Tensors are read while the preset is written."""
    path = masked_lm / "pytorch_model.bin"
    with zipfile.ZipFile(path) as before:
        kept = {name: before.read(name) for name in before.namelist()}
    with zipfile.ZipFile(path, "w") as after:
        for name, content in kept.items():
            after.writestr(name, content[:8] if name.endswith("/data/9") else content)
    with pytest.raises(UserError, match="reaches beyond"):
        import_weights(str(masked_lm), tmp_path / "out" / "preset", NO_HUB)
    assert list((tmp_path / "out").iterdir()) == []


def test_preset_without_its_vocabulary(classifier, tmp_path):
    import_weights(str(classifier), tmp_path / "preset", NO_HUB)
    shutil.rmtree(tmp_path / "preset" / "assets")
    with pytest.raises(UserError, match="SentencePiece model of the weights must be given"):
        open_(tmp_path / "preset")


def test_table_has_no_name_twice(classifier):
    tensors = backbone_tensors(open_(classifier).architecture)
    for names in zip(*((t.variable, t.hugging_face, t.tf1) for t in tensors), strict=True):
        assert len(set(names)) == len(tensors)
