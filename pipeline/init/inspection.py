"""Looks at all files together: their layout, what each column is for, and every row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from components.ingest.formats.base import Rejection
from models.tasks.base import Task
from pipeline.init.columns import ColumnProfile, profile_column
from pipeline.init.content import check_file
from pipeline.init.layout import Column, FileLayout, detect_layout
from pipeline.init.other_tasks import refuse_other_columns
from pipeline.init.reading import MAX_SLICE_VALUES_COUNTED, survey_files
from pipeline.init.roles import Roles, guess_roles
from pipeline.init.sample import sample_rows
from pipeline.init.splits import assign_splits
from pipeline.init.survey import Survey
from schemas import features as keys
from schemas.errors import UserError

_ROWS_A_REPORT = 20_000


@dataclass(frozen=True)
class Hints:
    """What the user says of the files.

    Attributes:
      text: Name or 0-based position of the text column.
      label: Name or 0-based position of the label column.
      header: Whether the first row of a TSV or CSV names the columns.
    """

    text: str | None = None
    label: str | None = None
    header: bool | None = None


@dataclass(frozen=True)
class Inspection:
    """What was found in the files.

    Attributes:
      layouts: The file of each split.
      profiles: The columns of the training file.
      roles: What each column is used for.
      rows: A sample of the training rows, keyed by `str(column)`.
      survey: What is in all rows.
      notes: What was done about files that do not fit.
    """

    layouts: Mapping[str, FileLayout]
    profiles: Sequence[ColumnProfile]
    roles: Roles
    rows: Sequence[Mapping[str, str]]
    survey: Survey
    notes: tuple[str, ...]


def inspect_files(
    files: Sequence[Path],
    task: Task,
    hints: Hints,
    on_progress: Callable[[str], None] = lambda text: None,
) -> Inspection:
    """Looks at the files.

    Args:
      files: One to three labelled files.
      task: Says which rows count as the same.
      hints: What the user says of them.
      on_progress: Told in words what goes on.

    Raises:
      UserError: If they cannot be read, are for another task, or do not fit together.
    """
    for path in files:
        check_file(path)
    splits = assign_splits(files)
    train = detect_layout(splits[keys.TRAIN], header=hints.header)
    if hints.text is None:
        refuse_other_columns(train.path, [str(column) for column in train.columns])
    columns = train.flat_columns()
    rows = sample_rows(train, columns, _counting(f"looking at {train.path}", on_progress))
    if not rows:
        raise UserError(f"{train.path}: no row can be read; {_first_rejection(train, columns)}")
    profiles = [profile_column(column, rows) for column in columns]
    text, label = (
        find_column(train, columns, wanted, option)
        for wanted, option in ((hints.text, "--text"), (hints.label, "--label"))
    )
    roles = guess_roles(train.path, profiles, rows, text=text, label=label)
    layouts, notes = _with_other_files(train, splits, roles)
    roles = _with_slices(roles, lambda column: _missing_in(column, layouts.values()))
    survey = survey_files(layouts, roles, task, on_row=_counting("reading all rows", on_progress))
    roles = _with_slices(roles, lambda column: _too_many_values(survey, column))
    return Inspection(layouts, profiles, roles, rows, survey, tuple(notes))


def find_column(
    layout: FileLayout, columns: Sequence[Column], wanted: str | None, option: str
) -> Column | None:
    """Returns the column that a user names, or None where none is named.

    Args:
      layout: The file.
      columns: Its columns that can be named.
      wanted: Name or 0-based position.
      option: Name of the option, for the message.

    Raises:
      UserError: If there is no such column.
    """
    if wanted is None or wanted in columns:
        return wanted
    if wanted.isdecimal() and layout.width is not None and int(wanted) < layout.width:
        return layout.columns[int(wanted)]
    names = ", ".join(str(column) for column in columns)
    raise UserError(
        f"{option} must be a column of {layout.path} with one value a row; received {wanted!r}; "
        f"there are {names}"
    )


def _with_other_files(
    train: FileLayout, splits: Mapping[str, Path], roles: Roles
) -> tuple[dict[str, FileLayout], list[str]]:
    """Returns the layouts of all files that can be used, and what to say about the others."""
    layouts, notes = {keys.TRAIN: train}, []
    for split, path in splits.items():
        if split == keys.TRAIN:
            continue
        layout = detect_layout(path, header=train.header if train.width is not None else None)
        if roles.text not in layout.columns:
            names = ", ".join(str(column) for column in layout.columns)
            raise UserError(
                f"{path} must have the text column {roles.text} of {train.path}; it has {names}. "
                "Give files with the "
                "same columns"
            )
        if roles.label not in layout.columns:
            notes.append(f"{path} has no label column {roles.label}: it is left out")
            continue
        _check_alike(train, layout)
        layouts[split] = layout
    return layouts, notes


def _check_alike(train: FileLayout, other: FileLayout) -> None:
    """Refuses what one `ingest` section cannot describe."""
    by_ending = train.format_by_ending and other.format_by_ending
    if train.format != other.format and not by_ending:
        raise UserError(
            f"{train.path} is {train.format.upper()} and {other.path} {other.format.upper()}, "
            "which their endings do not "
            "say; rename them by their formats"
        )
    if train.format != other.format and not (train.header and other.header):
        raise UserError(
            f"{train.path} and {other.path} have different formats; give files of one format"
        )


def _missing_in(column: Column, layouts: Iterable[FileLayout]) -> str:
    """Returns why a column cannot be in a config for all files, or nothing."""
    return next(
        (f"not in {layout.path.name}" for layout in layouts if column not in layout.columns), ""
    )


def _too_many_values(survey: Survey, column: Column) -> str:
    too_many = len(survey.slices[str(column)]) >= MAX_SLICE_VALUES_COUNTED
    return f"{MAX_SLICE_VALUES_COUNTED} different values or more" if too_many else ""


def _with_slices(roles: Roles, problem: Callable[[Column], str]) -> Roles:
    """Returns `roles` without the slices that have a problem."""
    problems = {column: problem(column) for column in roles.slices}
    return replace(
        roles,
        slices=tuple(column for column in roles.slices if not problems[column]),
        unused={**roles.unused, **{column: text for column, text in problems.items() if text}},
    )


def _counting(what: str, on_progress: Callable[[str], None]) -> Callable[[int], None]:
    def on_row(count: int) -> None:
        if count % _ROWS_A_REPORT == 0:
            on_progress(f"{what}: {count:,} rows")

    return on_row


def _first_rejection(layout: FileLayout, columns: Sequence[Column]) -> str:
    rejection = next(iter(layout.rows(columns)), None)
    return (
        f"line {rejection.line}: {rejection.message}"
        if isinstance(rejection, Rejection)
        else "it has none"
    )
