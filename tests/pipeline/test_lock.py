"""One run at a time on one output folder, and a folder that can be written."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import lock
from pipeline.lock import prepare_output, sole_run
from schemas.errors import UserError

_HOLD = """
import sys
from pathlib import Path
from pipeline.lock import sole_run
with sole_run(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def held_elsewhere(tmp_path: Path) -> Iterator[Path]:
    """An output folder that another process holds."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield tmp_path
    process.communicate("")
    assert process.returncode == 0


def test_a_second_run_is_refused_with_the_process_that_holds_the_folder(
    held_elsewhere: Path,
) -> None:
    with (
        pytest.raises(UserError, match=r"another run \(process \d+\).*--set output="),
        sole_run(held_elsewhere),
    ):
        pass


def test_the_folder_is_free_after_a_run(tmp_path: Path) -> None:
    with sole_run(tmp_path):
        pass
    with sole_run(tmp_path):
        pass


def test_an_output_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot be written.*--set output="):
        prepare_output(tmp_path / "file" / "run")


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "MIN_FREE_BYTES", 1 << 62)
    with pytest.raises(UserError, match=r"free space.*choose another"):
        prepare_output(tmp_path)


def test_a_read_only_file_system_is_refused() -> None:
    with pytest.raises(UserError, match="cannot be written"):
        prepare_output(Path("/proc/albert-tfx"))


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    prepare_output(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
