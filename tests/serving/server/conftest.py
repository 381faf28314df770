"""One server for the tests that only ask."""

import pytest

from tests.serving.server.models import save_half_plus
from tests.serving.server.running import serving


@pytest.fixture(scope="session")
def half_plus(tmp_path_factory):
    """The model base of version 1, half plus two."""
    base = tmp_path_factory.mktemp("served") / "half"
    save_half_plus(base)
    return base


@pytest.fixture(scope="session")
def server(half_plus):
    with serving(f"--model_base_path={half_plus}", "--model_name=half") as running:
        yield running
