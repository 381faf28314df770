from pathlib import Path

import pytest

from pipeline.init.outputs import check_outputs, write_outputs
from schemas.errors import UserError


def test_new_files_may_be_written(tmp_path):
    check_outputs(tmp_path / "new" / "config.yaml", [tmp_path / "train.tsv"], force=False)


@pytest.mark.parametrize("existing", ["config.yaml", "config.pbtxt"])
def test_an_existing_file_is_overwritten_by_force_only(tmp_path, existing):
    (tmp_path / existing).write_text("mine")
    with pytest.raises(UserError, match=f"{existing} must not be overwritten; .*--force"):
        check_outputs(tmp_path / "config.yaml", [], force=False)
    check_outputs(tmp_path / "config.yaml", [], force=True)


def test_an_input_is_never_overwritten(tmp_path):
    path = tmp_path / "rows.yaml"
    path.write_text("mine")
    with pytest.raises(UserError, match="is one of the files to read"):
        check_outputs(path, [tmp_path / "." / "rows.yaml"], force=True)


@pytest.mark.parametrize(
    ("name", "message"), [("config", "must be named .yaml"), ("folder.yaml", "is a folder")]
)
def test_names_that_are_no_config_are_refused(tmp_path, name, message):
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(UserError, match=message):
        check_outputs(tmp_path / name, [], force=True)


def test_texts_are_written_into_new_folders(tmp_path):
    paths = [tmp_path / "new" / name for name in ("a.yaml", "a.pbtxt")]
    write_outputs(dict.fromkeys(paths, "größe"))
    assert [path.read_text("utf-8") for path in paths] == ["größe"] * 2
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.pbtxt", "a.yaml"]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot be written to .*file"):
        write_outputs({tmp_path / "file" / "config.yaml": ""})


def test_a_failure_leaves_nothing_half_written(tmp_path, monkeypatch):
    (tmp_path / "a.yaml").write_text("old")
    write_text = Path.write_text

    def full_disk(path, *args):
        if "pbtxt" in path.name:
            raise OSError(28, "No space left on device")
        return write_text(path, *args)

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(UserError, match="No space left on device"):
        write_outputs({tmp_path / "a.yaml": "new", tmp_path / "a.pbtxt": "new"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]
    assert (tmp_path / "a.yaml").read_text() == "old"
