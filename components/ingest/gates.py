"""When the rows are not good enough to go on, and what is worth a warning."""

from collections.abc import Iterator

from components.ingest.config import IngestConfig
from components.ingest.summary import IngestSummary
from models.tasks.base import Task
from schemas import features as keys
from schemas.errors import RefusedError, UserError

_REASONS_NAMED = 3


def check_rows(summary: IngestSummary, config: IngestConfig, task: Task) -> None:
    """Stops the run where the rows break a rule of `config`.

    Raises:
      RefusedError: If too many rows were rejected, or repeats are refused.
      UserError: If a file is damaged, a split has no rows, or train has only one label.
    """
    if summary.failures:
        raise UserError("\n  ".join(["the input cannot be used:", *summary.failures]))
    _check_rejected(summary, config)
    for split, number in summary.accepted.items():
        if not number:
            raise UserError(f"{split} must have rows; {_why_empty(split, summary, config)}")
    seen = [label for label, number in summary.labels[keys.TRAIN].items() if number]
    if len(task.labels) > 1 and len(seen) < 2:
        raise UserError(
            f"train must have at least two of the labels {', '.join(task.labels)}; "
            f"received one label only: {', '.join(seen)}; "
            "check ingest.columns.label, and whether the file is sorted and cut"
        )
    _check_repeats(summary, config)


def find_warnings(summary: IngestSummary, config: IngestConfig, task: Task) -> tuple[str, ...]:
    """Returns what a person should look at although the run goes on."""
    return (*_repeat_warnings(summary, config), *_label_warnings(summary, task))


def _check_rejected(summary: IngestSummary, config: IngestConfig) -> None:
    if summary.num_rejected <= config.max_rejected_ratio * summary.num_rows:
        return
    lines = [
        f"{summary.num_rejected:,} of {summary.num_rows:,} rows were rejected "
        f"({summary.num_rejected / summary.num_rows:.1%}), "
        f"and ingest.max_rejected_ratio is {config.max_rejected_ratio:.1%}; "
        "repair the rows, correct ingest.columns or task.labels, or raise the ratio"
    ]
    for reason, number in list(summary.rejected.items())[:_REASONS_NAMED]:
        lines.append(f"{reason}: {number:,} rows")
        lines += [f"  {example}" for example in summary.examples.get(reason, ())]
    raise RefusedError("\n  ".join(lines))


def _why_empty(split: str, summary: IngestSummary, config: IngestConfig) -> str:
    if split == keys.EVAL and config.eval is None:
        return (
            f"none of the {summary.num_rows:,} rows fell into the {config.eval_fraction:.0%} "
            "kept for it; give a file as ingest.eval, or raise ingest.eval_fraction"
        )
    if summary.num_dropped and (summary.duplicates.get(split) or summary.leaks.get(split)):
        return (
            "all of its rows were dropped as duplicates or leaks; "
            "give other data, or set ingest.leaks: warn"
        )
    if split in config.queries:
        rejected = ", or all were rejected (see the quarantine)" if summary.num_rejected else ""
        return f"the query gave none{rejected}; check its WHERE, and the span"
    return "all of its rows were rejected; see the reasons in the quarantine"


def _check_repeats(summary: IngestSummary, config: IngestConfig) -> None:
    refused = [
        (name, number, what)
        for name, policy, number, what in (
            (
                "duplicates",
                config.duplicates,
                summary.num_duplicates,
                "rows repeat an earlier row of their split",
            ),
            (
                "leaks",
                config.leaks,
                summary.num_leaks,
                "eval or test rows have a text that stands in train too",
            ),
        )
        if policy == "refuse" and number
    ]
    if refused:
        raise RefusedError(
            "\n  ".join(
                f"{number:,} {what} ({', '.join(summary.examples[name])}), "
                f"and ingest.{name} is refuse; take them out, or set ingest.{name}: drop"
                for name, number, what in refused
            )
        )


def _repeat_warnings(summary: IngestSummary, config: IngestConfig) -> Iterator[str]:
    outcomes = {"warn": "; they are kept", "drop": "; they are dropped", "refuse": ""}
    for name, counts, what, outcome in (
        ("duplicates", summary.duplicates, "rows repeat an earlier row", config.duplicates),
        ("leaks", summary.leaks, "rows have a text that stands in train too", config.leaks),
        ("conflicts", summary.conflicts, "texts have more than one label", "warn"),
    ):
        for split, number in counts.items():
            if number:
                examples = ", ".join(summary.examples.get(name, ()))
                yield f"{split}: {number:,} {what} (such as {examples}){outcomes[outcome]}"


def _label_warnings(summary: IngestSummary, task: Task) -> Iterator[str]:
    for split, counts in summary.labels.items():
        if missing := [label for label in task.labels if not counts.get(label)]:
            yield f"{split}: no row has the label {', '.join(missing)}"
