"""What a person should look at before the first run."""

import difflib
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from components.evaluation.uncertainty import few_rows_note
from pipeline.init.choices import Choices, num_too_long
from pipeline.init.survey import Survey
from schemas import features as keys
from schemas.errors import UserError

_RARE_ROWS = 10
_RARE_SHARE = 0.01
_MANY_LABELS = 10
_IMBALANCE = 10
_STRAY_ROWS = 2
_MIN_ROWS = 10
_FEW_ROWS = 200
_SHOWN = 5


def check_rows(survey: Survey, label_title: str) -> None:
    """Refuses data from which no classifier can be learned.

    Raises:
      UserError: If there are too few usable rows, or the training rows have one label only.
    """
    num_train = survey.counts.accepted[keys.TRAIN]
    if num_train < _MIN_ROWS:
        lines = [
            f"training needs {_MIN_ROWS} usable rows at least; received {num_train}, and "
            f"{survey.num_rejected} that cannot be used",
            *survey.rejected_lines(),
        ]
        raise UserError("\n  ".join(lines))
    for split, number in survey.counts.leaks.items():
        if number == survey.counts.accepted[split]:
            raise UserError(
                f"every text of {split} is in train too, which leaves nothing to judge by; give "
                f"another file for {split}, or leave it out: eval is then split from train"
            )
    found = [label for split, label in survey.counts.labels if split == keys.TRAIN]
    if len(found) < 2:
        raise UserError(
            f"a classifier needs two labels at least; received one label only: every training row "
            f"has {found[0]!r} in {label_title}. Add rows with other labels, or name another "
            "column: --label NAME"
        )


def warnings(survey: Survey, splits: Iterable[str], choices: Choices) -> Iterator[str]:
    """Yields what may hurt the model or its evaluation, most serious first."""
    train = survey.labels_of(keys.TRAIN)
    for split in splits:
        strange = sorted(set(survey.labels_of(split)) - set(train))
        if strange:
            shown = ", ".join(map(repr, strange[:_SHOWN]))
            yield f"label {shown} is in {split} and not in train: it cannot be learned"
    yield from _rejections(survey, choices)
    yield from _alike(train)
    yield from _uneven(train)
    yield from _repeats(survey)
    yield from _few_to_judge(survey, choices)
    if survey.counts.accepted[keys.TRAIN] < _FEW_ROWS:
        yield f"{survey.counts.accepted[keys.TRAIN]} training rows are few: expect a weak model"


def is_rare(labels: Counter[str], label: str) -> bool:
    """Returns whether a label has too few rows to be learned and judged.

    >>> is_rare(Counter(good=900, bad=95, odd=5), "odd")
    True
    """
    least = _RARE_SHARE * labels.total() * min(1.0, _MANY_LABELS / len(labels))
    return labels[label] < max(_RARE_ROWS, least)


def _rejections(survey: Survey, choices: Choices) -> Iterator[str]:
    number = survey.num_rejected + num_too_long(survey, choices.max_text_length)
    if number:
        yield (
            f"{number:,} of {survey.num_rows:,} rows cannot be used: a run puts them into its "
            f"quarantine, and stops above {choices.max_rejected_ratio:.0%}"
        )
    uneven = survey.counts.rejected["column_count"]
    if uneven > _RARE_SHARE * survey.num_rows:
        yield (
            f"{uneven:,} of {survey.num_rows:,} rows have more or fewer columns than the others: a "
            "text that holds the delimiter must be quoted, which CSV knows and TSV does not"
        )
    if survey.counts.rejected["invalid_utf8"]:
        yield (
            "some rows are not UTF-8; if the file is in Windows-1252, convert it: "
            "iconv -f WINDOWS-1252 -t UTF-8 FILE > FILE.utf8"
        )


def _alike(labels: Mapping[str, int]) -> Iterator[str]:
    forms: dict[str, list[str]] = {}
    for label in sorted(labels):
        form = " ".join(label.casefold().replace("_", " ").replace("-", " ").split())
        forms.setdefault(form, []).append(label)
    for same in forms.values():
        if len(same) > 1:
            yield f"labels {' and '.join(map(repr, same))} look like one; are they?"


def _strays(labels: Counter[str]) -> list[str]:
    """Returns the labels of a row or two where most labels have many: hardly meant as labels."""
    usual = statistics.median(labels.values())
    most = min(_STRAY_ROWS, usual / _IMBALANCE)
    strays = sorted(label for label, number in labels.items() if number <= most)
    return strays if len(labels) - len(strays) >= 2 else []


def _uneven(labels: Counter[str]) -> Iterator[str]:
    strays = _strays(labels)
    for label in strays[:_SHOWN]:
        near = difflib.get_close_matches(label, labels.keys() - strays, n=1)
        kind = f"for {near[0]!r}" if near else "or a stray value"
        yield (
            f"label {label!r} has {labels[label]} of {labels.total():,} rows: likely a typing "
            f"error {kind}; mend the rows, or take it out of the config and the schema"
        )
    labels = Counter({label: labels[label] for label in labels if label not in strays})
    rare = [f"{label!r} ({labels[label]})" for label in sorted(labels) if is_rare(labels, label)]
    if rare:
        shown = ", ".join(rare[:_SHOWN]) + (", …" if len(rare) > _SHOWN else "")
        yield f"rare labels: {shown}; add rows, or take a label out of the config and the schema"
    (common, most), (_, least) = labels.most_common(1)[0], labels.most_common()[-1]
    if most >= _IMBALANCE * least:
        yield (
            f"{most / labels.total():.0%} of the rows have the label {common!r}: judge the model "
            "by macro_f1 and the slices by label rather than by accuracy"
        )


def _repeats(survey: Survey) -> Iterator[str]:
    counts = survey.counts
    if number := counts.conflicts.total():
        yield f"{number:,} texts have more than one label{_where(survey, 'conflicts')}"
    if number := counts.leaks.total():
        where = _where(survey, "leaks")
        yield f"{number:,} eval or test rows have a text of train{where}: a run leaves them out"
    share = counts.duplicates.total() / max(1, survey.num_usable)
    if share > _RARE_SHARE:
        where = _where(survey, "duplicates")
        yield f"{share:.1%} of the rows are repeats{where}; ingest.duplicates: drop leaves them out"


def _few_to_judge(survey: Survey, choices: Choices) -> Iterator[str]:
    accepted = survey.counts.accepted
    if choices.eval_fraction is not None:
        number = round(choices.eval_fraction * accepted[keys.TRAIN])
        split, shown = keys.EVAL, f"about {number}"
    else:
        split = keys.TEST if accepted[keys.TEST] else keys.EVAL
        number = accepted[split]
        shown = str(number)
    if few := few_rows_note(number):
        yield f"{split} has {shown} rows: {few}"


def _where(survey: Survey, finding: str) -> str:
    rows = survey.counts.examples.get(finding, ())
    return f", such as {rows[0].row}" if rows else ""
