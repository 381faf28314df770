"""Files of a bucket, over the file system that Beam finds for the scheme."""

import pytest

from components.remote.files import (
    check_writable,
    delete,
    download,
    is_remote,
    list_folder,
    local_folder,
    read_bytes,
    upload,
)
from schemas.errors import UserError


@pytest.mark.parametrize(
    ("path", "expected"), [("gs://b/a", True), ("/data/a", False), ("a:b", False)]
)
def test_a_uri_is_told_from_a_path(path, expected):
    assert is_remote(path) is expected


def test_what_is_uploaded_is_listed_and_downloaded_again(buckets, tmp_path):
    (tmp_path / "a.gz").write_bytes(b"\x1f\x8b is kept as it is")
    upload({tmp_path / "a.gz": "bucket://here/runs/deep/a.gz"})
    buckets.put("bucket://here/runs-of-others/b", b"not below")
    buckets.put("bucket://here/runs/deep/", b"")
    assert [
        (name, stored.num_bytes) for name, stored in list_folder("bucket://here/runs").items()
    ] == [("deep/a.gz", 19)]
    download({"bucket://here/runs/deep/a.gz": tmp_path / "back" / "a.gz"})
    assert (tmp_path / "back" / "a.gz").read_bytes() == (tmp_path / "a.gz").read_bytes()
    assert [path.name for path in (tmp_path / "back").iterdir()] == ["a.gz"]


def test_a_file_is_read_or_is_not_there(buckets):
    buckets.put("bucket://here/a", b"text")
    assert read_bytes("bucket://here/a") == b"text"
    assert read_bytes("bucket://here/b") is None


def test_files_are_deleted(buckets):
    buckets.put("bucket://here/a", b"text")
    delete(["bucket://here/a"])
    assert not buckets.objects


def test_a_folder_is_here_for_a_time(buckets, tmp_path):
    buckets.put("bucket://here/model/variables/data", b"weights")
    with local_folder("bucket://here/model") as folder:
        assert (folder / "variables" / "data").read_bytes() == b"weights"
    assert not folder.exists()
    with local_folder(str(tmp_path)) as folder:
        assert folder == tmp_path


def test_a_writable_bucket_is_left_as_it_was(buckets):
    check_writable("bucket://here/runs", "pipeline_root")
    assert not buckets.objects


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("bucket://none/runs", "404 no bucket none"),
        ("bucket://closed/runs", "403 no write access"),
        ("nosuch://a/b", "Unable to get filesystem"),
    ],
)
@pytest.mark.usefixtures("buckets")
def test_a_place_that_cannot_be_written_is_told(uri, reason):
    with pytest.raises(UserError, match=f"pipeline_root: {uri} cannot be written .*{reason}"):
        check_writable(uri, "pipeline_root")


@pytest.mark.parametrize("uri", ["bucket://none/runs", "nosuch://a/b"])
@pytest.mark.usefixtures("buckets")
def test_a_place_that_cannot_be_read_is_told(uri):
    with pytest.raises(UserError, match=f"{uri} cannot be used .*check its name"):
        list_folder(uri)


def test_an_upload_that_breaks_off_is_told(buckets, tmp_path):
    (tmp_path / "a").write_bytes(b"text")
    buckets.fails_at = "/a"
    with pytest.raises(UserError, match=r"bucket://here/a cannot be used .*broke off"):
        upload({tmp_path / "a": "bucket://here/a"})
