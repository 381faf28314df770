"""Empty buckets for each test."""

import pytest

from tests.components.remote.buckets import Buckets


@pytest.fixture
def buckets(monkeypatch):
    """The store, with the bucket `here` and the bucket `closed`, which refuses writes."""
    for name, value in {
        "objects": {},
        "names": {"here", "closed"},
        "read_only": {"closed"},
        "log": [],
        "fails_at": "",
    }.items():
        monkeypatch.setattr(Buckets, name, value)
    return Buckets
