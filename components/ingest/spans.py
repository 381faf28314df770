"""Numbered spans of the data: which number `{SPAN}` in the file patterns stands for."""

import logging
import re
from collections.abc import Mapping

from components.ingest.files import matching_files
from schemas.errors import UserError

SPAN = "{SPAN}"

_log = logging.getLogger(__name__)


def resolve_span(patterns: Mapping[str, str], wanted: int | None) -> tuple[int, dict[str, str]]:
    """Returns the span to read and the patterns with its number put in.

    Args:
      patterns: Absolute file patterns by split; `{SPAN}` stands for digits, with or without
        leading zeros.
      wanted: The span, or None for the latest that every split with `{SPAN}` has.

    Returns:
      The span, 0 where no pattern holds `{SPAN}`; and the patterns.

    Raises:
      UserError: If there is no such span.
    """
    numbered = {split: pattern for split, pattern in patterns.items() if SPAN in pattern}
    if not numbered:
        if wanted is not None:
            raise UserError(
                f"ingest.span is {wanted}, but no file pattern holds {SPAN}; "
                "put it where the number stands"
            )
        return 0, dict(patterns)
    found = {split: _spans(split, pattern) for split, pattern in numbered.items()}
    span = _chosen(found, wanted)
    return span, {
        split: pattern.replace(SPAN, found[split][span]) if split in found else pattern
        for split, pattern in patterns.items()
    }


def _spans(split: str, pattern: str) -> dict[int, str]:
    """Returns the spans that `pattern` finds, each with its digits as the file names have them."""
    expression = _expression(pattern)
    spans: dict[int, str] = {}
    for path in matching_files(pattern.replace(SPAN, "*")):
        if match := expression.fullmatch(path):
            digits = match["span"]
            known = spans.setdefault(int(digits), digits)
            if known != digits:
                raise UserError(
                    f"ingest.{split}: span {int(digits)} is written as {known} and as {digits}; "
                    "rename one"
                )
    return spans


def _expression(pattern: str) -> re.Pattern[str]:
    """Translates a glob with `{SPAN}`; every occurrence stands for the same digits."""
    parts = []
    for piece in re.split(r"(\{SPAN\}|\*\*|\*|\?|\[[^]]+\])", pattern):
        if piece == SPAN:
            parts.append(
                r"(?<!\d)(?P<span>\d+)(?!\d)"
                if not any("?P<span>" in part for part in parts)
                else "(?P=span)"
            )
        elif piece == "**":
            parts.append(".*")
        elif piece in ("*", "?"):
            parts.append("[^/]" + ("*" if piece == "*" else ""))
        elif piece.startswith("[") and len(piece) > 1:
            parts.append("[" + piece[1:-1].replace("!", "^", 1).replace("\\", "\\\\") + "]")
        else:
            parts.append(re.escape(piece))
    return re.compile("".join(parts))


def _chosen(found: Mapping[str, Mapping[int, str]], wanted: int | None) -> int:
    """Returns `wanted`, or the latest span that every split has."""
    complete = set.intersection(*(set(spans) for spans in found.values()))
    seen = set().union(*found.values())
    listed = "; ".join(f"{split}: {_listed(spans)}" for split, spans in found.items())
    if wanted is not None and wanted not in complete:
        raise UserError(f"ingest.span {wanted} is not there for every split; there are {listed}")
    if not complete:
        raise UserError(
            f"no span is there for every split; there are {listed}; "
            f"check the patterns that hold {SPAN}"
        )
    span = max(complete) if wanted is None else wanted
    if wanted is None and max(seen) > span:
        _log.warning("span %d is not complete (%s); reading span %d", max(seen), listed, span)
    return span


def _listed(spans: Mapping[int, str]) -> str:
    """Returns the latest few spans in words."""
    latest = sorted(spans)[-5:]
    return (
        ("… " if len(spans) > len(latest) else "") + ", ".join(map(str, latest))
        if latest
        else "none"
    )
