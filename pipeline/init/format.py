"""Which format a text file is in: what its ending says, unless its content says otherwise."""

import json
from io import BytesIO
from itertools import islice
from pathlib import Path

from components.ingest.formats import create_format
from components.ingest.formats.delimited import Delimited, Record
from schemas.errors import UserError

HEAD_ROWS = 200
_MIN_REGULAR = 0.9
_OTHER_DELIMITERS = {";": "semicolons", "|": "vertical bars"}


def format_by_content(path: Path, head: bytes, by_ending: str | None) -> str:
    """Returns the format of a text file.

    Args:
      path: The file, for messages.
      head: Its beginning.
      by_ending: The format that its ending says, if any.

    Raises:
      UserError: If there are no columns, or a delimiter that no format has.
    """
    first = next((line for line in head.splitlines() if line.strip()), b"")
    if first.lstrip().startswith(b"{") and _is_json(first):
        return "jsonl"
    regular = {name: _regular_share(name, head) for name in ("tsv", "csv")}
    if by_ending is not None and regular.get(by_ending, 1.0) >= _MIN_REGULAR:
        return by_ending
    best = max(regular, key=lambda name: regular[name])
    if regular[best] >= _MIN_REGULAR:
        return best
    _refuse_other_delimiters(path, head)
    if by_ending is not None and regular[by_ending]:
        return by_ending
    raise UserError(
        f"{path} has lines and no columns; a row needs a text and a label, with a tab between them "
        "(TSV), a comma and quotes around texts that have commas (CSV), or in a JSON object a line "
        "(JSONL)"
    )


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _regular_share(name: str, head: bytes) -> float:
    """Returns the share of the first rows with the usual number of columns, 0 if that is one."""
    source_format = create_format(name)
    if not isinstance(source_format, Delimited):
        raise TypeError(f"{name} has no columns in fixed positions")
    records = list(islice(source_format.records(BytesIO(head)), HEAD_ROWS))
    widths = [len(record.fields) if isinstance(record, Record) else 0 for record in records]
    usual = max(set(widths), key=widths.count, default=0)
    return widths.count(usual) / len(widths) if usual > 1 else 0.0


def _refuse_other_delimiters(path: Path, head: bytes) -> None:
    """Names the command that turns another delimiter into commas."""
    text = head.decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip()][:HEAD_ROWS]
    for delimiter, name in _OTHER_DELIMITERS.items():
        if lines and sum(delimiter in line for line in lines) >= _MIN_REGULAR * len(lines):
            raise UserError(
                f"{path} seems to have {name} between its columns; put commas there: python3 -c "
                "'import csv, sys; csv.writer(sys.stdout).writerows(csv.reader(sys.stdin, "
                f'delimiter="{delimiter}"))\' < FILE > FILE.csv'
            )
