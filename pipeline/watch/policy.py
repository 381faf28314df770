"""When a run is started: on a new span, else on drift or on labels, once for the same data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from components.ingest.config import IngestConfig, text_of
from components.ingest.span_pattern import has_span
from components.ingest.spans import Spans
from pipeline.watch.rounds import Round, Trigger
from schemas.errors import UserError

Check = Callable[[], str | None]
"""Returns what it found in a sentence, None where all is well."""


@dataclass(frozen=True)
class Decision:
    """Whether a run is due.

    Attributes:
      trigger: What starts it; None where nothing does.
      reason: Why, or why not, in words.
    """

    trigger: Trigger | None
    reason: str


def decide(
    spans: Spans, inputs: str, rounds: Sequence[Round], checks: Mapping[Trigger, Check]
) -> Decision:
    """Returns whether a run is due.

    A span that came to nothing is due again when someone has mended it, or the config. Drift or
    labels start a run only where the newest span was not trained on from scratch before: the same
    data would give the same model.

    Args:
      spans: What a run would read now.
      inputs: Hash of config and files as they are now.
      rounds: All there were, each over.
      checks: What else is looked at, by trigger.

    Raises:
      UserError: If a span that was trained on is gone.
    """
    newest, last = spans.newest, max((item.span for item in rounds), default=0)
    if newest < last:
        raise UserError(
            f"span {spans.name(last)} was trained on in round {_round_of(rounds, last).number} and "
            f"is gone, or no longer complete; the newest is {spans.name(newest)}; restore it, or "
            "start anew with --set output=FOLDER"
        )
    if newest > last:
        return Decision("span", f"span {spans.name(newest)} is complete")
    before = _round_of(rounds, newest)
    ended = f"span {spans.name(newest)} was {_said(before)}"
    if before.status in ("refused", "failed") and before.inputs != inputs:
        return Decision("span", f"{ended}; since then its files or the config have changed")
    notes = [f"nothing new: {ended}"]
    whole = next((item for item in rounds if item.span == newest and item.weights is None), None)
    for trigger, check in checks.items():
        found = check()
        if found is None:
            continue
        if whole is None:
            return Decision(trigger, found)
        notes.append(f"{found}; round {whole.number} had all of this data, wait for newer")
    return Decision(None, "; ".join(notes))


def judges_itself(ingest: IngestConfig) -> bool:
    """Returns whether the gate's rows come from the newest span alone, and so its labels, too."""
    judged = ingest.test or ingest.eval
    if judged is None:  # split from the whole window
        return has_span(text_of(ingest.train)) and ingest.window == 1
    return has_span(text_of(judged))


def _round_of(rounds: Sequence[Round], span: int) -> Round:
    """Returns the last round of a span."""
    return next(item for item in reversed(rounds) if item.span == span)


def _said(item: Round) -> str:
    words = {"up_to_date": "up to date", "failed": "given up"}
    return f"{words.get(item.status, item.status)} in round {item.number}"
