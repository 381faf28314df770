"""Presets by the names that KerasHub has for them, from the cache that KerasHub downloads into."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from kagglehub.cache import Cache
from kagglehub.handle import parse_model_handle
from keras_hub.models import AlbertBackbone

from models.weights.hub import Hub
from models.weights.importing import import_weights
from models.weights.sources import KERAS_HUB_NAMES, open_checkpoint
from schemas.errors import UserError
from tests.models.weights.golden import copy_golden

NO_HUB = Hub(cache=Path("missing"), endpoint="http://127.0.0.1:9")
NAME = "albert_base_en_uncased"


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """What KerasHub itself would have published: a preset without heads beside it."""
    folder = tmp_path_factory.mktemp("published")
    source = copy_golden("model_of_groups", folder / "source")
    import_weights(str(source), folder / "preset", NO_HUB)
    (folder / "preset" / "weights.json").unlink()
    return folder / "preset"


@pytest.fixture
def kaggle_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    monkeypatch.setenv("KAGGLE_API_ENDPOINT", "http://127.0.0.1:9")
    return Cache()


def handle_of(name):
    return AlbertBackbone.presets[name]["kaggle_handle"].removeprefix("kaggle://")


def test_names_are_keras_hubs():
    assert set(KERAS_HUB_NAMES) == set(AlbertBackbone.presets)


@pytest.mark.parametrize("scheme", [None, "kaggle://"])
def test_preset_by_name_and_by_handle(scheme, preset, kaggle_cache):
    handle = parse_model_handle(handle_of(NAME))
    for path in (path for path in preset.rglob("*") if path.is_file()):
        name = path.relative_to(preset).as_posix()
        place = Path(kaggle_cache.get_path(handle, name))
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
        kaggle_cache.mark_as_complete(handle, name)
    source = NAME if scheme is None else scheme + handle_of(NAME)
    opened, local = open_checkpoint(source, NO_HUB), open_checkpoint(str(preset), NO_HUB)
    assert opened.architecture == local.architecture
    assert opened.vocabulary == local.vocabulary
    for name, read in local.tensors.items():
        np.testing.assert_array_equal(opened.tensors[name](), read(), err_msg=name)


def test_name_that_is_not_in_the_cache_and_cannot_be_fetched(kaggle_cache):
    with pytest.raises(UserError, match=rf"the preset {NAME} must be fetched by KerasHub, which"):
        open_checkpoint(NAME, NO_HUB)
