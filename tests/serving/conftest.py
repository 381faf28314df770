"""Tiny SavedModels, each made once."""

import pytest

from tests.serving.tiny_models import save_model


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("models") / "plain")
