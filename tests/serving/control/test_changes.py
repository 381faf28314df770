"""A change is written whole, for TensorFlow Serving too, and kept in the history."""

import errno
import os
import shutil
import threading
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from schemas.errors import UserError
from serving.control import changes
from serving.control.history import read_history
from serving.control.model_config import MODEL_CONFIG_FILE
from serving.control.pruning import prune
from serving.control.release import read_release
from serving.inventory import list_models
from serving.versions import list_versions, live_version, version_dir


@pytest.fixture
def model_base(tmp_path):
    folder = tmp_path / "reviews" / "serving"
    for version in range(1, 6):
        (folder / str(version)).mkdir(parents=True)
        (folder / str(version) / "saved_model.pb").write_bytes(b"graph")
    return folder


def served(model_base, model="reviews"):
    """Returns what TensorFlow Serving reads: versions and labels of a model."""
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((model_base / MODEL_CONFIG_FILE).read_text(), config)
    (found,) = (item for item in config.model_config_list.config if item.name == model)
    return list(found.model_version_policy.specific.versions), dict(found.version_labels), found


def test_the_highest_is_live_until_something_is_decided(model_base):
    assert live_version(model_base) == 5
    changes.promote(model_base, 3)
    assert live_version(model_base) == 3
    assert version_dir(model_base).name == "3"


def test_tensorflow_serving_reads_versions_and_labels(model_base):
    changes.promote(model_base, 3)
    changes.promote(model_base, 4)
    changes.start_canary(model_base, 5, 10)
    versions, labels, model = served(model_base)
    assert versions == [3, 4, 5]
    assert labels == {"stable": 4, "canary": 5}
    assert (model.base_path, model.model_platform) == (str(model_base), "tensorflow")


def test_a_cluster_has_its_own_path_and_other_models(model_base):
    other = 'model_config_list { config { name: "other" base_path: "/models/other" } }'
    (model_base / MODEL_CONFIG_FILE).write_text(other)
    changes.name_release(model_base, model="r", base_path="/models/r")
    changes.promote(model_base, 4)
    assert served(model_base, "r")[2].base_path == "/models/r"
    assert served(model_base, "other")[2].base_path == "/models/other"


def test_every_change_is_in_the_history(model_base):
    changes.promote(model_base, 4, by="ann", reason="the new labels")
    changes.start_canary(model_base, 5, 10, by="bob")
    changes.rollback(model_base, by="watch", evidence={"error_rate": 0.2})
    history = read_history(model_base)
    assert [(item.action, item.by) for item in history] == [
        ("promote", "ann"),
        ("canary", "bob"),
        ("rollback", "watch"),
    ]
    assert history[0].before.stable == 5
    assert history[0].reason == "the new labels"
    assert history[2].before == history[1].after
    assert history[2].evidence == {"error_rate": 0.2}


def test_what_changes_nothing_is_not_written(model_base):
    changes.promote(model_base, 5)
    changes.promote(model_base, 5)
    assert len(read_history(model_base)) == 1


@pytest.mark.parametrize(
    ("promoted", "lives"),
    [
        ([3], [5]),
        ([4, 2], [4, 5]),
        ([4, 5, 3], [5, 4]),
        ([], [4]),
    ],
)
def test_each_rollback_goes_one_step_further_back(model_base, promoted, lives):
    for version in promoted:
        changes.promote(model_base, version)
    assert [changes.rollback(model_base).stable for _ in lives] == lives


def test_a_rollback_goes_no_step_forth(model_base):
    changes.promote(model_base, 3)
    changes.rollback(model_base)
    with pytest.raises(UserError, match="no version before it is known that was not taken back"):
        changes.rollback(model_base)
    changes.promote(model_base, 3)
    assert changes.rollback(model_base).stable == 5


def test_a_rollback_undoes_the_last_promotion_where_its_line_was_cut(model_base):
    changes.promote(model_base, 3)
    history = model_base / "history.jsonl"
    kept = history.read_text()
    changes.promote(model_base, 2)
    history.write_text(f'{kept}{{"at": "2026-\n')
    assert changes.rollback(model_base).stable == 3


def test_a_rollback_to_a_version_that_is_gone_changes_nothing(model_base):
    changes.promote(model_base, 3)
    shutil.rmtree(model_base / "5")
    with pytest.raises(UserError, match="version 5 is not there"):
        changes.rollback(model_base)
    assert live_version(model_base) == 3


def test_a_named_version_may_be_higher_where_it_was_live(model_base):
    changes.promote(model_base, 4)
    changes.promote(model_base, 1)
    with pytest.raises(UserError, match="live before, or below the live one, 1; received 3"):
        changes.rollback(model_base, 3)
    assert changes.rollback(model_base, 5).stable == 5
    assert changes.rollback(model_base, 1).rolled_back == (5,)


def test_a_cut_line_does_not_hide_the_history(model_base):
    changes.promote(model_base, 4)
    with (model_base / "history.jsonl").open("a") as file:
        file.write('{"at": "2026-\n')
    changes.promote(model_base, 5)
    assert len(read_history(model_base)) == 2


@pytest.mark.parametrize(
    "decide",
    [
        lambda base: changes.promote(base, 9),
        lambda base: changes.start_canary(base, 9, 5),
        lambda base: changes.rollback(base, 9),
    ],
)
def test_a_version_that_is_not_there_is_refused(model_base, decide):
    with pytest.raises(UserError):
        decide(model_base)
    assert read_release(model_base) is None


def test_half_a_version_is_refused(model_base):
    (model_base / "4" / "saved_model.pb").unlink()
    with pytest.raises(UserError, match=r"version 4 is not there, or holds no saved_model\.pb"):
        changes.promote(model_base, 4)


def test_nothing_published_is_said(tmp_path):
    with pytest.raises(UserError, match="no version is published under"):
        changes.promote(tmp_path / "never", 1)


def test_a_config_that_is_none_is_left_alone(model_base):
    (model_base / MODEL_CONFIG_FILE).write_text("not a proto")
    with pytest.raises(UserError, match=r"models\.config must be a ModelServerConfig"):
        changes.promote(model_base, 4)
    assert (model_base / MODEL_CONFIG_FILE).read_text() == "not a proto"
    assert read_release(model_base) is None


def test_a_full_disk_leaves_what_was_decided(model_base, monkeypatch):
    changes.promote(model_base, 4)

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device"):
        changes.promote(model_base, 5)
    assert live_version(model_base) == 4
    assert served(model_base)[1] == {"stable": 4}
    assert not [path for path in model_base.iterdir() if path.name.startswith(".release")]


def test_changes_at_the_same_time_come_one_after_the_other(model_base):
    threads = [
        threading.Thread(target=changes.promote, args=(model_base, version))
        for version in (1, 2, 3, 4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = read_history(model_base)
    assert len(history) == 4
    assert [item.before for item in history[1:]] == [item.after for item in history[:-1]]
    assert read_release(model_base) == history[-1].after


def test_the_list_of_models_tells_each_role(model_base):
    changes.promote(model_base, 3)
    changes.promote(model_base, 4)
    changes.start_canary(model_base, 5, 10)
    roles = {model.version: (model.role, model.live) for model in list_models(model_base)}
    assert roles == {
        1: ("", False),
        2: ("", False),
        3: ("before", False),
        4: ("live", True),
        5: ("canary 10 %", False),
    }


@pytest.mark.parametrize(
    ("decide", "keep", "left"),
    [
        (lambda base: None, 3, [3, 4, 5]),
        (lambda base: None, 9, [1, 2, 3, 4, 5]),
        (lambda base: changes.promote(base, 2), 2, [1, 2, 5]),
        (lambda base: changes.promote(base, 2), 3, [1, 2, 5]),
    ],
)
def test_old_versions_go_and_the_served_ones_stay(model_base: Path, decide, keep, left):
    decide(model_base)
    prune(model_base, keep)
    assert list(list_versions(model_base)) == left


def test_a_canary_is_not_pruned(model_base):
    changes.promote(model_base, 5)
    changes.start_canary(model_base, 1, 5)
    assert prune(model_base, 2) == [2, 3]
    assert list(list_versions(model_base)) == [1, 4, 5]
