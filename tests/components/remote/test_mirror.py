"""A model base on a bucket: what is published in the mirror appears there, whole."""

import shutil

import pytest

from components.remote.mirror import Mirror
from schemas.errors import UserError
from serving.versions import list_versions, live_version, publish

BASE = "bucket://here/models"


def _model(folder, weights=b"weights"):
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "data").write_bytes(weights)
    return folder


def _publish(mirror, folder, weights=b"weights"):
    return publish(_model(folder, weights), mirror.folder, lambda staged, version: None)


@pytest.fixture
def mirror(buckets, tmp_path):
    made = Mirror(BASE, tmp_path / "mirror")
    made.pull("publish.model_base")
    return made


def test_a_version_is_on_the_bucket_with_its_graph_last(buckets, mirror, tmp_path):
    assert _publish(mirror, tmp_path / "model") == 1
    (mirror.folder / "models.config").write_text("model_config_list {}")
    buckets.log.clear()
    mirror.push()
    assert [path.removeprefix(BASE) for _, path in buckets.log] == [
        "/1/variables/data",
        "/1/saved_model.pb",
        "/models.config",
    ]
    assert buckets.paths(BASE) == {"/1/variables/data", "/1/saved_model.pb", "/models.config"}


def test_another_machine_goes_on_from_the_bucket(mirror, tmp_path):
    _publish(mirror, tmp_path / "model")
    mirror.push()
    other = Mirror(BASE, tmp_path / "other")
    other.pull("publish.model_base")
    assert live_version(other.folder) == 1
    assert _publish(other, tmp_path / "second") == 2


def test_only_what_changed_is_copied(buckets, mirror, tmp_path):
    _publish(mirror, tmp_path / "model")
    mirror.push()
    _publish(mirror, tmp_path / "second")
    buckets.log.clear()
    mirror.push()
    assert {path.removeprefix(BASE) for _, path in buckets.log} == {
        "/2/variables/data",
        "/2/saved_model.pb",
    }


def test_a_file_of_the_same_size_that_changed_there_is_brought(buckets, mirror, tmp_path):
    _publish(mirror, tmp_path / "model")
    mirror.push()
    buckets.put(f"{BASE}/1/variables/data", b"WEIGHTS")
    mirror.pull("publish.model_base")
    assert (mirror.folder / "1" / "variables" / "data").read_bytes() == b"WEIGHTS"


def test_a_removed_version_loses_its_graph_first(buckets, mirror, tmp_path):
    _publish(mirror, tmp_path / "model")
    mirror.push()
    shutil.rmtree(mirror.folder / "1")
    buckets.log.clear()
    mirror.push()
    assert [path.removeprefix(BASE) for _, path in buckets.log] == [
        "/1/saved_model.pb",
        "/1/variables/data",
    ]


def test_what_is_gone_there_is_gone_here(buckets, mirror, tmp_path):
    _publish(mirror, tmp_path / "model")
    mirror.push()
    buckets.objects.clear()
    mirror.pull("publish.model_base")
    assert list_versions(mirror.folder) == {}


def test_a_push_that_breaks_off_leaves_nothing_that_is_served(buckets, mirror, tmp_path):
    _publish(mirror, tmp_path / "model")
    buckets.fails_at = "saved_model.pb"
    with pytest.raises(UserError, match="the connection broke off"):
        mirror.push()
    assert buckets.paths(BASE) == {"/1/variables/data"}
    buckets.fails_at = ""
    again = Mirror(BASE, tmp_path / "again")
    again.pull("publish.model_base")
    assert list_versions(again.folder) == {}
    assert _publish(again, tmp_path / "second", b"other") == 1
    again.push()
    assert buckets.objects[f"{BASE}/1/variables/data"][0] == b"other"


def test_a_base_that_another_publisher_changed_is_left_alone(buckets, mirror, tmp_path):
    _publish(mirror, tmp_path / "model")
    buckets.put(f"{BASE}/1/saved_model.pb", b"of somebody else")
    with pytest.raises(UserError, match="changed by another publisher during this run; run again"):
        mirror.push()
    assert buckets.paths(BASE) == {"/1/saved_model.pb"}


@pytest.mark.parametrize("bucket", ["none", "closed"])
@pytest.mark.usefixtures("buckets")
def test_a_bucket_that_cannot_be_used_is_told_before_anything_is_brought(bucket, tmp_path):
    mirror = Mirror(f"bucket://{bucket}/models", tmp_path / "mirror")
    with pytest.raises(UserError, match=r"publish\.model_base: .* cannot be written"):
        mirror.pull("publish.model_base")
    assert not mirror.folder.exists()
