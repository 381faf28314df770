"""Versions under a model base: what is there, and that a new one appears whole or not at all."""

import errno
import os
import resource
import threading
import time

import pytest

from schemas.errors import UserError
from serving import versions


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "export"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "variables.index").write_bytes(b"index")
    return folder


@pytest.fixture
def model_base(tmp_path):
    return tmp_path / "serving"


def add_nothing(staged, version):
    pass


def names(folder):
    return sorted(child.name for child in folder.iterdir())


def test_a_first_version_is_number_one_and_makes_the_folder(source, model_base):
    assert versions.publish(source, model_base, add_nothing) == 1
    assert names(model_base) == ["1"]
    assert (model_base / "1" / "variables" / "variables.index").read_bytes() == b"index"


@pytest.mark.parametrize(
    ("there", "expected"),
    [([], 1), (["1", "3"], 4), (["0007"], 8), (["latest", ".publishing-9", "-4"], 1)],
)
def test_the_next_number_follows_the_highest(model_base, there, expected):
    for name in there:
        (model_base / name).mkdir(parents=True)
    assert versions.next_version(model_base) == expected


def test_a_plain_file_takes_its_number_but_is_no_version(source, model_base):
    model_base.mkdir()
    (model_base / "5").write_text("")
    assert versions.publish(source, model_base, add_nothing) == 6
    assert list(versions.list_versions(model_base)) == [6]


def test_the_live_version_is_the_highest_number(model_base):
    assert versions.live_version(model_base) is None
    for name in ("2", "10", "9"):
        (model_base / name).mkdir(parents=True)
    assert versions.live_version(model_base) == 10


def test_completion_happens_before_the_version_can_be_seen(source, model_base):
    def complete(staged, version):
        assert names(model_base) == [staged.parent.name]
        assert staged.parent.name.startswith(versions.STAGING_PREFIX)
        (staged / "note").write_text(str(version))

    versions.publish(source, model_base, complete)
    assert (model_base / "1" / "note").read_text() == "1"


def test_a_number_taken_meanwhile_is_passed_over(source, model_base):
    seen = []

    def complete(staged, version):
        seen.append(version)
        (staged / "note").write_text(str(version))
        if len(seen) == 1:  # another publisher is faster
            (model_base / "1" / "variables").mkdir(parents=True)

    assert versions.publish(source, model_base, complete) == 2
    assert seen == [1, 2]
    assert (model_base / "2" / "note").read_text() == "2"


def test_many_publishers_at_once_get_a_number_each(source, model_base):
    got = []
    threads = [
        threading.Thread(
            target=lambda: got.append(versions.publish(source, model_base, add_nothing))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(1, 9))
    assert names(model_base) == sorted(str(number) for number in range(1, 9))


def test_a_failing_completion_leaves_what_is_served_as_it_was(source, model_base):
    versions.publish(source, model_base, add_nothing)

    def complete(staged, version):
        raise ValueError("warm-up failed")

    with pytest.raises(ValueError, match="warm-up failed"):
        versions.publish(source, model_base, complete)
    assert names(model_base) == ["1"]


@pytest.fixture
def no_space_for_a_file():
    """Makes every write beyond 4 bytes fail, as on a full disk; works for root too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_copy_that_fails_is_the_users_to_mend_and_leaves_nothing(
    source, model_base, no_space_for_a_file
):
    (model_base / "1").mkdir(parents=True)
    with pytest.raises(UserError, match=r"cannot be written \(.*File too large.*\).*free space"):
        versions.publish(source, model_base, add_nothing)
    assert names(model_base) == ["1"]


def test_a_completion_without_space_is_the_users_to_mend(source, model_base):
    def complete(staged, version):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(UserError, match=r"cannot be written \(No space left on device\)"):
        versions.publish(source, model_base, complete)
    assert names(model_base) == []


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_place_of_the_folder_is_the_users_to_mend(source, model_base, below):
    model_base.write_text("not a folder")
    with pytest.raises(UserError, match=r"publish\.model_base: .* cannot be written"):
        versions.publish(source, model_base / below if below else model_base, add_nothing)
    assert model_base.read_text() == "not a folder"


def test_only_a_saved_model_can_be_published(tmp_path, model_base):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="only a SavedModel can be published"):
        versions.publish(tmp_path / "empty", model_base, add_nothing)
    assert not model_base.exists()


def test_the_side_folder_of_a_killed_publisher_is_removed(source, model_base):
    leftover = model_base / ".publishing-killed"
    (leftover / "version").mkdir(parents=True)
    (leftover / "lock").write_text("")
    hour_ago = time.time() - 3600
    os.utime(leftover, (hour_ago, hour_ago))
    versions.publish(source, model_base, add_nothing)
    assert names(model_base) == ["1"]


def test_the_side_folder_of_a_living_publisher_stays(source, model_base):
    def complete(staged, version):
        hour_ago = time.time() - 3600
        os.utime(staged.parent, (hour_ago, hour_ago))
        versions.remove_leftovers(model_base)
        assert (staged / "saved_model.pb").is_file()

    assert versions.publish(source, model_base, complete) == 1


def test_a_side_folder_that_is_not_locked_yet_stays(model_base):
    (model_base / ".publishing-starting").mkdir(parents=True)
    versions.remove_leftovers(model_base)
    assert names(model_base) == [".publishing-starting"]


def test_the_folder_of_a_version_is_found_from_base_number_or_itself(source, model_base):
    for _ in range(2):
        versions.publish(source, model_base, add_nothing)
    assert versions.version_dir(model_base) == model_base / "2"
    assert versions.version_dir(model_base, 1) == model_base / "1"
    assert versions.version_dir(model_base / "1") == model_base / "1"


def test_a_model_base_without_a_version_says_where_one_may_be(source, tmp_path):
    with pytest.raises(UserError, match=r"no such folder; publish one .* run\.json says why"):
        versions.version_dir(tmp_path / "run" / "serving")
    versions.publish(source, tmp_path / "run" / "serving", add_nothing)
    for wrong in (tmp_path / "run", tmp_path / "run" / "serving" / "x"):
        with pytest.raises(UserError, match=r"did you mean .*run/serving"):
            versions.version_dir(wrong)


def test_a_version_that_is_not_there_names_those_that_are(source, model_base):
    versions.publish(source, model_base, add_nothing)
    with pytest.raises(UserError, match="holds the versions 1; received version 7"):
        versions.version_dir(model_base, 7)
