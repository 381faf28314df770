"""A run killed (SIGKILL) in each of its steps in turn, and started again each time.

    python -m benchmarks.kills

A config is run once undisturbed. Then the same is started in another folder and killed in the
middle of its first step, started again and killed in the second, and so on; of what was killed,
only the step that goes on is lost. In Publish it is killed twice, the second time right after the
version has got its place. Bar: the last run ends with the verdict of the undisturbed one, and there
is one version.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.report import REPORT_FILE, RunReport, read_report
from serving.versions import list_versions

_MARKS = ("✓", "=")
_POLL_SECONDS = 0.005
_QUICK = ("train.epochs=1", "baselines.include=[majority]", "evaluate.thresholds=[]")
"""Of a run that is only there to be killed: short, and let through whatever it has learned."""


@dataclass(frozen=True)
class Kill:
    """One run that was killed.

    Attributes:
      step: The step that went on.
      seconds: From the start of the run.
      cached: Steps that it took from the cache.
      versions: What was published afterwards.
    """

    step: str
    seconds: float
    cached: int
    versions: list[int]


def main() -> int:
    """Kills and prints; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--config", type=Path, default=Path("configs/demo.yaml"))
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "pipeline.cli", "run", str(arguments.config)]
    command += [f"--set={override}" for override in (*_QUICK, *arguments.overrides)]
    with tempfile.TemporaryDirectory(prefix="kills-") as temporary:
        undisturbed = _finish(command, Path(temporary, "undisturbed"))
        folder = Path(temporary, "killed")
        kills = kill_each_step(command, folder, undisturbed)
        final = _finish(command, folder)
        versions = list(list_versions(folder / "serving"))
    return show(kills, undisturbed, final, versions)


def kill_each_step(command: Sequence[str], folder: Path, undisturbed: RunReport) -> list[Kill]:
    """Returns what was killed, step after step.

    Args:
      command: `albert-tfx run`, but for the output folder.
      folder: The output folder.
      undisturbed: The report of a run that was left alone: its steps, and how long each takes.
    """
    kills = []
    for done, step in enumerate(undisturbed.steps):

        def is_time(num_ended: int, done: int = done) -> bool:
            # The first step has begun when there is a place for its output.
            return num_ended >= done if done else (folder / "pipeline").is_dir()

        kills.append(_killed(command, folder, step.name, is_time, step.seconds / 2))
    placed = folder / "serving" / "1"
    if not placed.is_dir():
        last = undisturbed.steps[-1].name
        kills.append(_killed(command, folder, last, lambda _: placed.is_dir(), 0.0))
    return kills


def show(
    kills: Sequence[Kill], undisturbed: RunReport, final: RunReport, versions: Sequence[int]
) -> int:
    """Prints every kill and whether the bar is met; returns the exit code."""
    table = Table(title="Killed in each step", title_justify="left")
    for column in ("step", "after s", "steps from the cache", "versions"):
        table.add_column(column, justify="left" if column == "step" else "right")
    for kill in kills:
        versions_then = ", ".join(map(str, kill.versions)) or "none"
        table.add_row(kill.step, f"{kill.seconds:.1f}", str(kill.cached), versions_then)
    console = Console(width=140)
    console.print(table)
    same = final.verdict is not None and undisturbed.verdict == final.verdict
    console.print(
        f"undisturbed: {undisturbed.status}; in the end: {final.status}, "
        f"the verdict is {'the same' if same else 'another'}; versions: {list(versions)}"
    )
    return int(not same or list(versions) != [1])


def _finish(command: Sequence[str], folder: Path) -> RunReport:
    """Runs to the end."""
    done = subprocess.run([*command, f"--set=output={folder}"], check=False, capture_output=True)
    if done.returncode:
        said = (done.stdout + done.stderr).decode()
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {said}")
    return read_report(folder / REPORT_FILE)


def _killed(
    command: Sequence[str],
    folder: Path,
    step: str,
    is_time: Callable[[int], bool],
    delay_seconds: float,
) -> Kill:
    """Starts a run and kills it `delay_seconds` after `is_time` of the number of ended steps."""
    start = time.monotonic()
    process = subprocess.Popen(
        [*command, f"--set=output={folder}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    ended: deque[str] = deque()
    reader = threading.Thread(target=_read_steps, args=(process.stdout, ended), daemon=True)
    reader.start()
    while process.poll() is None and not is_time(len(ended)):
        time.sleep(_POLL_SECONDS)
    time.sleep(delay_seconds)
    process.send_signal(signal.SIGKILL)
    if process.wait() != -signal.SIGKILL:  # the last step may be quicker this time
        step = f"{step} (had ended)"
    reader.join()
    cached = sum(line.startswith("=") for line in ended)
    versions = list(list_versions(folder / "serving"))
    return Kill(step, time.monotonic() - start, cached, versions)


def _read_steps(lines: Iterable[bytes], ended: deque[str]) -> None:
    """Collects the lines of steps that have ended."""
    for line in lines:
        if (text := line.decode().strip()).startswith(_MARKS):
            ended.append(text)


if __name__ == "__main__":
    sys.exit(main())
