"""A side of a comparison in a process of its own, which measures when it is told to.

Standard library only: a peer's interpreter may have none of this project's packages.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_MARK = "RESULT "


class Worker:
    """One side of a comparison.

    Attributes:
      name: To show.
      ready: What it told before it measured.
      turns: What it measured, turn by turn.
    """

    def __init__(self, name: str, command: Sequence[str]) -> None:
        """Starts the process and waits until it is ready.

        Args:
          name: To show.
          command: What to run.
        """
        self.name = name
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self.ready = self._result()
        self.turns: list[dict[str, Any]] = []

    def measure(self, **request: Any) -> dict[str, Any]:
        """Lets it have a turn.

        Args:
          **request: What `answer` passes on, as JSON.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        self.turns.append(self._result())
        return self.turns[-1]

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()

    def _result(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(_MARK):
                return json.loads(line.removeprefix(_MARK))
        raise SystemExit(f"{self.name} ended with code {self._process.wait()}; see above")


def answer(measure: Callable[..., Mapping[str, Any]], ready: Mapping[str, Any]) -> None:
    """Tells that a worker is ready, then measures once for each request, until they end.

    Args:
      measure: Takes what `Worker.measure` was given.
      ready: What is known before.
    """
    _tell(ready)
    for line in sys.stdin:
        _tell(measure(**json.loads(line)))


def _tell(found: Mapping[str, Any]) -> None:
    sys.stdout.write(f"{_MARK}{json.dumps(dict(found))}\n")
    sys.stdout.flush()
