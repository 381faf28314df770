"""Progress of long work, from whoever does it to whoever shows it (standard library only).

Components and models report; the command line listens. Nobody listening costs nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Progress:
    """How far a piece of work has come.

    Attributes:
      work: Short name of the work, such as "training".
      done: Units finished so far.
      total: Units in all, or None where that is not known.
      figures: Current values to show beside the bar, such as {"loss": 0.31}.
    """

    work: str
    done: int
    total: int | None = None
    figures: Mapping[str, float] = field(default_factory=dict)


Listener = Callable[[Progress], None]
_listeners: list[Listener] = []
_wholes: list[str] = []


def report(progress: Progress) -> None:
    """Passes `progress` to every listener."""
    named = replace(progress, work=", ".join((*_wholes, progress.work)))
    for listener in _listeners:
        listener(named)


@contextmanager
def reporting_as(whole: str) -> Iterator[None]:
    """Tells every report made inside the block as a part of `whole`, such as "trial 3 of 10"."""
    _wholes.append(whole)
    try:
        yield
    finally:
        _wholes.pop()


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Calls `listener` with every report made inside the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
