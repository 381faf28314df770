"""What a person reads of a failure, and which report it leaves."""

import errno
from pathlib import Path
from typing import Any

import pytest

from pipeline import run as run_module
from pipeline.loading import check_config, load_config
from pipeline.report import REPORT_FILE, read_report
from pipeline.run import explained, run
from pipeline.steps import Step
from schemas.errors import RefusedError, UserError

_LOG = Path("run.log")


def _raised(error: Exception, cause: Exception) -> Exception:
    try:
        raise error from cause
    except type(error) as chained:
        return chained


def test_our_own_message_is_found_below_what_a_runner_wraps_it_in() -> None:
    refused = RefusedError("label 'x' is not declared")
    assert explained(_raised(RuntimeError("[while running 'Step']"), refused), _LOG) is refused


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EROFS, "Read-only file system"),
        RuntimeError("tf.errors.ResourceExhaustedError: /out/x; No space left on device"),
    ],
)
def test_a_full_or_read_only_folder_is_the_users_to_mend(error: Exception) -> None:
    told = explained(error, _LOG)
    assert told.exit_code == 2
    assert "--set output=FOLDER" in str(told)


def test_an_interrupt_says_how_to_go_on() -> None:
    assert "goes on from the last checkpoint" in str(explained(KeyboardInterrupt(), _LOG))


def test_anything_else_names_its_last_line_and_the_log() -> None:
    told = explained(ValueError("In user code:\n\n  bad shape"), _LOG)
    assert (told.exit_code, str(told)) == (1, "ValueError: bad shape; see run.log")


@pytest.mark.parametrize("steps", [[], [Step("Ingest", "failed", 0.1)]])
def test_a_run_that_did_nothing_leaves_the_report_of_the_one_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, steps: list[Step]
) -> None:
    values = {
        "name": "news",
        "output": str(tmp_path),
        "task": {"name": "classification", "labels": ["a", "b"]},
        "ingest": {"train": str(tmp_path / "rows.tsv")},
    }
    (tmp_path / "rows.tsv").write_text("text\tlabel\ngood\ta\nbad\tb\n")
    config = check_config(values, source="test")
    steps_of_runs = iter([[], [Step("Ingest", "failed", 0.1)], steps])

    def fail(*given: Any) -> None:
        given[-1].steps += next(steps_of_runs)
        raise UserError("no rows")

    monkeypatch.setattr(run_module, "_run_pipeline", fail)
    kept = []
    for _ in range(3):
        with pytest.raises(UserError, match="no rows"):
            run(config)
        kept.append(read_report(tmp_path / "run.json").run_id)
    runs = sorted(path.parent.name for path in tmp_path.glob("runs/*/run.json"))
    assert len(runs) == 3
    assert kept == [runs[0], runs[1], runs[2] if steps else runs[1]]


def test_notes_are_shown_and_reported(tmp_path, monkeypatch, capfd) -> None:
    (tmp_path / "rows.tsv").write_text("text\tlabel\ngood\ta\nbad\tb\n", "utf-8")
    path = tmp_path / "first.yaml"
    path.write_text(
        "name: first\n"
        "task: {name: classification, labels: [a, b]}\n"
        f"ingest: {{train: {tmp_path}/rows.tsv}}\n"
        f"output: {tmp_path}/out\n",
        "utf-8",
    )
    monkeypatch.setattr("pipeline.run._run_pipeline", lambda *_: None)
    run(load_config(path), notes=["starts from refused weights [1]"])
    assert read_report(tmp_path / "out" / REPORT_FILE).notes == ("starts from refused weights [1]",)
    shown = [line.strip("│ ") for line in capfd.readouterr().out.splitlines()]
    assert shown.count("starts from refused weights [1]") == 2  # at the start and at the end
