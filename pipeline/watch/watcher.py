"""One look of `albert-tfx watch`: starts the run that is due, and keeps what came of it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from pipeline.config import RunConfig
from pipeline.lock import sole_run
from pipeline.report import REPORT_FILE, RunReport, read_report
from pipeline.watch.due import due_round
from pipeline.watch.launch import launch_run
from pipeline.watch.outcome import ended_round
from pipeline.watch.page import write_page
from pipeline.watch.policy import Check
from pipeline.watch.round_config import round_config, write_round_config
from pipeline.watch.rounds import Round, RoundFolder, Trigger
from serving.versions import live_version

Launch = Callable[[Path], int]
"""Runs the config at a path and returns the exit code of `albert-tfx run`."""

_COLORS = {"published": "green", "up_to_date": "green", "refused": "yellow"}


@dataclass
class Watcher:
    """Looks once, whenever it is told to.

    Attributes:
      config: The watched config.
      console: Shows what is going on.
      checks: What is looked at beside the spans.
      launch: Starts a run and waits for its end.
    """

    config: RunConfig
    console: Console
    checks: Mapping[Trigger, Check] = field(default_factory=dict)
    launch: Launch = launch_run
    _last_said: str = field(default="", init=False)

    def look(self, *, with_checks: bool = True) -> Round | None:
        """Starts the run that is due, or goes on with the one that was not ended.

        Returns:
          The round as it stands after the run; None where nothing was due.

        Raises:
          UserError: If no span is there, one has vanished, or a run of someone else goes on.
        """
        with sole_run(self.config.output_dir):
            pass  # a run by hand is not disturbed, and fails no round
        folder = RoundFolder(self.config.output_dir)
        rounds = folder.read()
        item = next((item for item in rounds if not item.is_over), None)
        if item is not None:
            self.say(f"round {item.number} goes on: {item.reason}")
        else:
            item = self._begun(folder, rounds, with_checks=with_checks)
        if item is None:
            return None
        ended = self._run(item, folder.config_path(item))
        folder.write(ended)
        self._tell(ended, write_page(folder.path, self.config.name, folder.read()))
        return ended

    def say(self, text: str, style: str = "") -> None:
        """Prints a line, unless it is the last one again."""
        if text != self._last_said:
            now = datetime.datetime.now().astimezone()
            line = f"[dim]{now:%H:%M:%S}[/] {escape(text)}"
            self.console.print(line, style=style, soft_wrap=True)
        self._last_said = text

    def _begun(
        self, folder: RoundFolder, rounds: list[Round], *, with_checks: bool
    ) -> Round | None:
        """Writes down the round that is due before anything of it is started."""
        item = due_round(self.config, rounds, self.checks if with_checks else {})
        if isinstance(item, str):
            self.say(item)
            return None
        write_round_config(folder.config_path(item), round_config(self.config, item))
        folder.write(item)
        self.say(f"round {item.number}: {item.reason}; training {item.start}", "bold")
        return item

    def _run(self, item: Round, config_path: Path) -> Round:
        before = self._last_report()
        code = self.launch(config_path)
        report = self._last_report()
        is_new = before is None or (report is not None and report.run_id != before.run_id)
        live = live_version(self.config.model_base)
        return ended_round(item, report if is_new else None, code, live)

    def _last_report(self) -> RunReport | None:
        reports = sorted((self.config.output_dir / "runs").glob(f"*/{REPORT_FILE}"))
        return read_report(reports[-1]) if reports else None

    def _tell(self, item: Round, page: Path) -> None:
        live = f"version {item.live_version} is live" if item.live_version else "nothing is live"
        told = {
            "published": f"published; {live}",
            "up_to_date": f"its model was published before; {live}",
            "refused": f"refused by the gate; {live}",
            "failed": f"given up: {item.error}; {live}",
            "running": f"failed and is tried again: {item.error}; {live}",
        }[item.status]
        self.say(
            f"round {item.number}: {told}; all rounds: {page}", _COLORS.get(item.status, "red")
        )
