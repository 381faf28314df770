"""Which column is the text, which the label, and by which columns to slice the evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.init.columns import (
    MAX_LABELS,
    MAX_SLICE_VALUES,
    ColumnProfile,
    describe,
    say_the_same,
    title,
)
from pipeline.init.layout import Column
from pipeline.init.other_tasks import refuse_pair, refuse_regression
from pipeline.init.usual_names import CATEGORY_NAMES, LABEL_NAMES, TEXT_NAMES, has_name
from schemas.errors import UserError

_MAX_SLICES = 5
_PAIR_WORDS = 4.0
_PAIR_LENGTH = 0.25
_PAIR_UNIQUE = 0.2

Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Roles:
    """What each column is used for.

    Attributes:
      text: Column that the model reads.
      label: Column that it learns to tell.
      slices: Columns by which the evaluation is broken down.
      unused: Why each of the other columns is left out.
    """

    text: Column
    label: Column
    slices: tuple[Column, ...]
    unused: Mapping[Column, str]


def guess_roles(
    path: Path,
    profiles: Sequence[ColumnProfile],
    rows: Rows,
    *,
    text: Column | None = None,
    label: Column | None = None,
) -> Roles:
    """Gives each column its role.

    Args:
      path: The file, for messages.
      profiles: What its columns look like.
      rows: The sample that they were made from.
      text: The text column, where the user named it.
      label: The label column, where the user named it.

    Raises:
      UserError: If no column can be the text or the label, several could be the label, or the file
        is for another task.
    """
    by_column = {profile.column: profile for profile in profiles}
    if text is not None and text == label:
        raise UserError(f"--text and --label must be two columns; received {text} for both")
    free = [profile for profile in profiles if profile.column != label]
    the_text = by_column[text] if text is not None else _text_column(path, free)
    free = [profile for profile in free if profile.column != the_text.column]
    if text is None:
        _check_one_text(path, the_text, free)
    if label is None:
        the_label = _label_column(path, the_text, free, rows)
    else:
        the_label = _checked_label(path, by_column[label])
    unused = {
        profile.column: _no_slice(profile, the_label, rows)
        for profile in free
        if profile.column != the_label.column
    }
    slices = [column for column, reason in unused.items() if not reason]
    unused |= dict.fromkeys(slices[_MAX_SLICES:], f"{_MAX_SLICES} columns to slice by are enough")
    return Roles(
        text=the_text.column,
        label=the_label.column,
        slices=tuple(slices[:_MAX_SLICES]),
        unused={column: reason for column, reason in unused.items() if reason},
    )


def _text_column(path: Path, profiles: Sequence[ColumnProfile]) -> ColumnProfile:
    """Returns the column of the longest, most varied words."""
    candidates = (
        [profile for profile in profiles if profile.is_wordy and not profile.has_few_values],
        [profile for profile in profiles if profile.is_wordy],
        [profile for profile in profiles if profile.unique_share > 0.5 and not profile.numeric],
    )
    found = next(filter(None, candidates), None)
    if found is None:
        raise UserError(
            f"{path}: no column looks like text; there are {describe(profiles)}. "
            "Name the text column: --text NAME"
        )
    return max(found, key=_text_weight)


def _text_weight(profile: ColumnProfile) -> float:
    usual = 3.0 if has_name(profile.column, TEXT_NAMES) else 1.0
    return usual * profile.mean_chars * (0.1 + profile.unique_share)


def _check_one_text(path: Path, text: ColumnProfile, others: Sequence[ColumnProfile]) -> None:
    """Refuses a second column of sentences: only the user knows which of the two decides."""
    for profile in others:
        long_enough = profile.mean_words >= max(_PAIR_WORDS, _PAIR_LENGTH * text.mean_words)
        varied = profile.unique_share >= _PAIR_UNIQUE and not profile.has_few_values
        if profile.is_wordy and long_enough and varied:
            refuse_pair(path, title(text.column), title(profile.column), text.column)


def _label_column(
    path: Path, text: ColumnProfile, others: Sequence[ColumnProfile], rows: Rows
) -> ColumnProfile:
    """Returns the one column that can be the label."""
    if not others:
        raise UserError(
            f"{path}: there is only text, in {title(text.column)}; a second column must hold the "
            "label of each row"
        )
    found = _likely_labels(others, rows)
    scales = [profile for profile in others if profile.is_scale]
    named = [profile for profile in scales if has_name(profile.column, LABEL_NAMES)]
    if scales and (named or not found):
        scale = (named or scales)[0]
        refuse_regression(path, title(scale.column), next(iter(scale.values)))
    if not found:
        raise UserError(
            f"{path}: no column looks like a label (a few values that repeat); beside the text "
            f"there are {describe(others)}. Name the label column: --label NAME"
        )
    if len(found) > 1:
        raise UserError(
            f"{path}: several columns could be the label: {describe(found)}. "
            "Name the one to learn: --label NAME"
        )
    return found[0]


def _likely_labels(others: Sequence[ColumnProfile], rows: Rows) -> list[ColumnProfile]:
    """Returns the columns that can be the label, those with a usual name where there are any."""
    able = [profile for profile in others if _can_be_label(profile)]
    varied = [profile for profile in able if len(profile.values) > 1]
    for names in (LABEL_NAMES, CATEGORY_NAMES):
        named = [profile for profile in varied if has_name(profile.column, names)]
        if named:
            return _without_twins(named, rows)
    # A column of one value is kept where there is no other, to say "one label only" of it.
    return _without_twins(varied or able, rows)


def _can_be_label(profile: ColumnProfile) -> bool:
    if not profile.values or profile.empty_share > 0.5:
        return False
    return profile.has_few_values and (not profile.numeric or profile.are_codes)


def _without_twins(profiles: Sequence[ColumnProfile], rows: Rows) -> list[ColumnProfile]:
    """Leaves out columns that say the same as another; words are kept rather than numbers."""
    kept: list[ColumnProfile] = []
    for profile in sorted(profiles, key=lambda profile: profile.numeric):
        if not any(say_the_same(profile.column, other.column, rows) for other in kept):
            kept.append(profile)
    return kept


def _checked_label(path: Path, profile: ColumnProfile) -> ColumnProfile:
    """Checks a label column that the user named."""
    num_values = len(profile.values)
    if not num_values:
        raise UserError(f"{path}: {title(profile.column)} is empty; name another: --label NAME")
    if profile.is_scale:
        refuse_regression(path, title(profile.column), next(iter(profile.values)))
    unrepeated = profile.unique_share > 0.5 and num_values > MAX_SLICE_VALUES
    if num_values > MAX_LABELS or unrepeated:
        raise UserError(
            f"{path}: a label needs {MAX_LABELS} values at most, which repeat; "
            f"{title(profile.column)} has {num_values} values in {profile.num_rows} rows. "
            "Name another: --label NAME"
        )
    return profile


def _no_slice(profile: ColumnProfile, label: ColumnProfile, rows: Rows) -> str:
    """Returns why a column is not used to slice by, or nothing."""
    if not profile.values:
        return "empty"
    if len(profile.values) == 1:
        return "one value only"
    if profile.empty_share > 0.5:
        return "mostly empty"
    if len(profile.values) > MAX_SLICE_VALUES or not profile.has_few_values:
        return f"{len(profile.values):,} different values"
    if say_the_same(profile.column, label.column, rows):
        return "says the same as the label"
    return ""
