import io
from typing import ClassVar

import pytest
from apache_beam.io.filesystem import FileMetadata, FileSystem
from apache_beam.io.filesystems import FileSystems

from components.ingest.files import absolute, file_size, matching_files, open_content, open_stored
from schemas.errors import UserError


class MemoryFiles(FileSystem):
    """A remote file system, as far as ingest asks for one."""

    files: ClassVar = {
        "memory://bucket/b.tsv": b"text\n",
        "memory://bucket/a.tsv": b"\xef\xbb\xbftext\nx\n",
    }

    @classmethod
    def scheme(cls):
        return "memory"

    def match(self, patterns, limits=None):
        return [
            type("Result", (), {"metadata_list": self._matching(pattern)}) for pattern in patterns
        ]

    def _matching(self, pattern):
        prefix = pattern.partition("*")[0]
        return [
            FileMetadata(path, len(content))
            for path, content in self.files.items()
            if path.startswith(prefix)
        ]

    def open(self, path, mime_type=None, compression_type=None):
        return io.BufferedReader(io.BytesIO(self.files[path]))

    def _unused(self, *arguments):
        # Beam's class is abstract; reading calls nothing else, and would fail here if it did.
        raise NotImplementedError

    join = split = mkdirs = has_dirs = _list = create = copy = rename = exists = _unused
    size = last_updated = checksum = metadata = delete = _unused


def test_a_glob_finds_its_files_sorted(write, tmp_path):
    paths = [write(name, "x") for name in ("b.tsv", "a.tsv")]
    (tmp_path / "c.tsv").mkdir()
    assert matching_files(str(tmp_path / "*.tsv")) == sorted(paths)


def test_a_path_with_brackets_is_a_path(write):
    path = write("a[1].tsv", "x")
    assert matching_files(path) == [path]


def test_remote_files_are_found_measured_and_read():
    assert FileSystems.get_scheme("memory://bucket") == MemoryFiles.scheme()
    assert matching_files("memory://bucket/*") == ["memory://bucket/a.tsv", "memory://bucket/b.tsv"]
    assert file_size("memory://bucket/b.tsv") == 5
    with open_content("memory://bucket/a.tsv") as stream:
        assert stream.read() == b"text\nx\n"


def test_a_path_is_made_absolute_and_a_uri_is_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute("a.tsv") == str(tmp_path / "a.tsv")
    assert absolute("gs://bucket/a.tsv") == "gs://bucket/a.tsv"


def test_reading_starts_where_it_is_asked_to(write):
    with open_content(write("a.tsv", "text\nx\n"), start=5) as stream:
        assert stream.read() == b"x\n"


def test_stored_content_stays_compressed(write):
    with open_stored(write("a.tsv.gz", "x")) as stream:
        assert stream.read(2) == b"\x1f\x8b"


def test_what_is_no_gzip_is_named(write):
    with (
        pytest.raises(UserError, match=r"a.tsv is no whole gzip file .*drop the ending .gz"),
        open_content(write("a.tsv", "text"), gzipped=True) as stream,
    ):
        stream.read()
