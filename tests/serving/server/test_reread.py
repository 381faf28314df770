"""The model config file is read again: a label waits for its version, a wrong one is an error."""

import logging
import time

import pytest

from serving.server.loader import Loader
from tests.serving.server.models import save_half_plus
from tests.serving.server.running import serving, wait_until


@pytest.fixture
def two_versions(tmp_path):
    base = tmp_path / "m"
    save_half_plus(base, 1, 1.0)
    save_half_plus(base, 2, 2.0)
    return base


def config(base, versions, labels):
    listed = " ".join(f"versions: {version}" for version in versions)
    named = " ".join(
        f'version_labels {{ key: "{label}" value: {version} }}' for label, version in labels.items()
    )
    policy = f"model_version_policy {{ specific {{ {listed} }} }}"
    model = f'name: "half" base_path: "{base}" model_platform: "tensorflow" {policy} {named}'
    return f"model_config_list {{ config {{ {model} }} }}"


@pytest.fixture
def relabelled(two_versions, tmp_path, monkeypatch, caplog):
    """Returns a function that serves version 1, then versions with a canary, until it is logged."""
    load = Loader.load

    def slow(self, name, version, path):
        time.sleep(0.3 if version == 2 else 0.0)
        return load(self, name, version, path)

    monkeypatch.setattr(Loader, "load", slow)
    caplog.set_level(logging.INFO, "serving.server")
    file = tmp_path / "models.config"

    def run(versions, canary, is_done):
        file.write_text(config(two_versions, [1], {"stable": 1}))
        flags = (f"--model_config_file={file}", "--model_config_file_poll_wait_seconds=1")
        with serving(*flags) as server:
            file.write_text(config(two_versions, versions, {"stable": 1, "canary": canary}))
            assert wait_until(lambda: is_done(server))
        return [record for record in caplog.records if "ReloadConfig" in record.getMessage()]

    return run


def test_a_label_waits_for_its_version_without_an_error(relabelled):
    def is_labelled(server):
        path = "/v1/models/half/labels/canary:predict"
        return server.ask(path, {"instances": [2]}) == (200, {"predictions": [3.0]})

    records = relabelled([1, 2], 2, is_labelled)
    assert [record.levelname for record in records] == ["INFO"]
    assert "waits for a version that is being loaded" in records[0].getMessage()


def test_a_label_of_a_version_that_is_not_served_is_an_error(relabelled, caplog):
    records = relabelled([1], 7, lambda _: "ReloadConfig failed" in caplog.text)
    assert records[0].levelname == "ERROR"
    assert "assign label canary to version 7" in records[0].getMessage()
