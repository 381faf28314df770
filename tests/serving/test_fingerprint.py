"""A fingerprint tells whether two SavedModels are the same model."""

import shutil

import pytest

from serving.fingerprint import model_fingerprint


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "source"
    (source / "variables").mkdir(parents=True)
    (source / "saved_model.pb").write_bytes(b"graph")
    (source / "variables" / "variables.index").write_bytes(b"index")
    return source


def test_a_copy_has_the_same_fingerprint_whatever_its_notes(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "assets.extra").mkdir()
    (copy / "assets.extra" / "albert_tfx.json").write_text("{}")
    assert model_fingerprint(copy) == model_fingerprint(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "saved_model.pb").write_bytes(b"GRAPH"),
        lambda folder: (folder / "variables" / "variables.index").unlink(),
        lambda folder: (folder / "saved_model.pb").rename(folder / "saved_model.txt"),
        lambda folder: (folder / "empty").touch(),
    ],
)
def test_any_change_of_a_file_changes_it(folder, change):
    before = model_fingerprint(folder)
    change(folder)
    assert model_fingerprint(folder) != before
