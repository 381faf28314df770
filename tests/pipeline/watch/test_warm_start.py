"""Where a run on a new span starts from."""

import json
import shutil

import pytest

from pipeline.watch.warm_start import find_warm_start
from tests.pipeline.watch.conftest import add_span


@pytest.fixture
def live(make_watcher, tmp_path):
    """The config of a published model, and the folder of its weights."""
    add_span(tmp_path, 1)
    watcher = make_watcher()
    watcher.look()
    return watcher.config, tmp_path / "out" / "pipeline" / "1" / "preset"


def test_the_weights_of_the_live_version_are_found(live):
    config, preset = live
    start = find_warm_start(config)
    assert (start.weights, start.sentence) == (preset, "from the weights of version 1")


def test_without_a_live_version_training_starts_from_scratch(make_config):
    assert find_warm_start(make_config()).sentence == "from scratch: nothing is live yet"


def test_a_version_from_elsewhere_is_no_start(live, tmp_path):
    config, _ = live
    (tmp_path / "out" / "serving" / "9").mkdir()
    start = find_warm_start(config)
    assert (start.weights, start.sentence) == (
        None,
        "from scratch: no run here trained version 9",
    )


def test_weights_that_are_gone_are_no_start(live):
    config, preset = live
    shutil.rmtree(preset)
    assert find_warm_start(config).sentence == "from scratch: the weights of version 1 are gone"


def test_another_size_is_trained_from_scratch(live):
    config, preset = live
    (preset / "config.json").write_text(json.dumps({"config": {"hidden_dim": 32}}), "utf-8")
    start = find_warm_start(config)
    assert start.weights is None
    assert "another size (num_layers None" in start.sentence
    assert "hidden_dim 32" in start.sentence


def test_given_weights_are_the_other_start(live):
    config, preset = live
    pretrained = config.model_copy(
        update={"model": config.model.model_copy(update={"weights": "albert-base-v2"})}
    )
    assert find_warm_start(pretrained).weights == preset
    shutil.rmtree(preset)
    assert find_warm_start(pretrained).sentence.startswith("from albert-base-v2: ")
