import pytest

from models.tokenizer import load_processor
from pipeline.loading import check_config
from pipeline.pretrained import with_local_weights
from schemas.errors import UserError
from tests.models.weights.golden import copy_golden


@pytest.fixture
def config(tmp_path):
    def make(weights, **model):
        values = {
            "name": "reviews",
            "output": str(tmp_path / "run"),
            "task": {"name": "classification", "labels": ["bad", "good"]},
            "ingest": {"train": "reviews.tsv"},
            "model": {"weights": weights, "max_length": 32, **model},
        }
        return check_config(values, source="test")

    return make


def test_without_weights_nothing_changes(config):
    given = config(None)
    assert with_local_weights(given) is given


def test_a_part_is_taken_of_given_weights_only(config):
    with pytest.raises(UserError, match=r"model\.weights, which must be given; received token_e"):
        with_local_weights(config(None, reuse="token_embeddings"))


def test_hugging_face_folder_is_imported_with_its_vocabulary(config, tmp_path):
    source = copy_golden("masked_lm", tmp_path / "source")
    found = with_local_weights(config(str(source)))
    assert found.model.weights.startswith(str(tmp_path / "run" / "weights" / "source-"))
    with open(found.vocabulary_source.model, "rb") as stream:
        assert load_processor(stream.read()).get_piece_size() == 77


def test_preset_is_taken_as_it_is(config, tmp_path):
    source = copy_golden("masked_lm", tmp_path / "source")
    preset = with_local_weights(config(str(source))).model.weights
    given = config(preset)
    assert with_local_weights(given) is given


def test_weights_are_imported_once_and_again_when_they_change(config, tmp_path):
    source = copy_golden("masked_lm", tmp_path / "source")
    first = with_local_weights(config(str(source))).model.weights
    assert with_local_weights(config(str(source))).model.weights == first
    (source / "README.md").write_text("changed")
    assert with_local_weights(config(str(source))).model.weights != first


def test_name_from_the_cache_of_the_hub(config, tmp_path, monkeypatch):
    snapshot = tmp_path / "hub" / "models--albert--albert-base-v2" / "snapshots" / "c0ffee"
    copy_golden("pretraining", snapshot)
    ref = tmp_path / "hub" / "models--albert--albert-base-v2" / "refs" / "main"
    ref.parent.mkdir()
    ref.write_text("c0ffee")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    found = with_local_weights(config("albert-base-v2"))
    assert found.model.weights == str(tmp_path / "run" / "weights" / "albert-base-v2")


def test_unknown_name_lists_the_near_ones(config):
    with pytest.raises(UserError, match=r"received 'albert-bas-v2', .* near it: albert-base-v2"):
        with_local_weights(config("albert-bas-v2"))
