"""`albert-tfx watch`: looks again and again, one watcher on an output folder."""

from __future__ import annotations

import threading
import time

from components.ingest.config import IngestConfig, text_of
from components.ingest.span_pattern import has_span
from pipeline.lock import prepare_output, sole_watch
from pipeline.watch.policy import judges_itself
from pipeline.watch.rounds import Round
from pipeline.watch.watcher import Watcher
from schemas.errors import AlbertTfxError, UserError


def watch(
    watcher: Watcher,
    *,
    once: bool,
    poll_seconds: float,
    check_seconds: float,
    stop: threading.Event,
) -> Round | None:
    """Looks again and again, until `stop` is set; a run that goes on is brought to its end.

    Args:
      watcher: Looks.
      once: Whether to look once only.
      poll_seconds: Time between two looks at the spans.
      check_seconds: Time between two looks at drift and labels.
      stop: Set by whoever wants an end.

    Returns:
      The last round that was run, or None.

    Raises:
      UserError: If another watcher holds the output folder, the config has no spans, or, looking
        once, the spans cannot be used.
    """
    ingest = watcher.config.ingest
    _check_spans(ingest)
    output_dir = watcher.config.output_dir
    prepare_output(output_dir)
    with sole_watch(output_dir):
        if judges_itself(ingest):
            watcher.say(
                "the gate judges on rows of the newest span alone, which vouch for their own "
                "labels; give ingest.test a file outside of the spans",
                "yellow",
            )
        if once:
            return watcher.look()
        return _keep_looking(watcher, poll_seconds, check_seconds, stop)


def _keep_looking(
    watcher: Watcher, poll_seconds: float, check_seconds: float, stop: threading.Event
) -> Round | None:
    last: Round | None = None
    next_check = time.monotonic()
    while not stop.is_set():
        with_checks = time.monotonic() >= next_check
        if with_checks:
            next_check = time.monotonic() + check_seconds
        item = None
        try:
            item = watcher.look(with_checks=with_checks)
        except AlbertTfxError as error:  # files may come back, and a run by hand ends
            watcher.say(str(error), "yellow")
        last = item or last
        if item is None or not item.is_over:
            stop.wait(poll_seconds)
    watcher.say("stopped")
    return last


def _check_spans(ingest: IngestConfig) -> None:
    """Refuses a config that does not say which spans there are."""
    if not has_span(text_of(ingest.train)):
        raise UserError(
            "watch needs training data in spans; ingest.train must hold {SPAN}, or {YYYY}, {MM} "
            f"and {{DD}}; received {text_of(ingest.train)!r}; name the files by span, or use "
            "`albert-tfx run`"
        )
    if not ingest.lists_spans:
        raise UserError(
            "watch needs to see which spans are complete, and a query does not say; set "
            "ingest.bigquery.spans, a query that lists them, or ingest.span_marker, a pattern of "
            "files of which each complete span has one"
        )
