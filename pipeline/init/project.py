"""The way in for someone with labelled files: look, say what was found, write a config."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from models.tasks import create_task
from pipeline.console import noise_to
from pipeline.init.choices import choose
from pipeline.init.columns import title
from pipeline.init.config_file import Plan, project_name, render_config, role_names
from pipeline.init.display import show_findings, show_next, show_warnings
from pipeline.init.eval_split import choose_eval_fraction
from pipeline.init.findings import check_rows, warnings
from pipeline.init.header import is_number
from pipeline.init.inspection import Hints, Inspection, inspect_files
from pipeline.init.layout import Column
from pipeline.init.outputs import check_outputs, schema_path, write_outputs
from pipeline.init.schema_file import complete_schema, infer_schema, schema_text
from pipeline.init.survey import percentile
from schemas import features as keys

_TASK = "classification"


@dataclass(frozen=True)
class Project:
    """What init wrote.

    Attributes:
      plan: What the config says.
      config_path: The run config.
      inspection: What was found in the files.
      warnings: What a person should look at.
    """

    plan: Plan
    config_path: Path
    inspection: Inspection
    warnings: tuple[str, ...]


def init_project(
    files: Sequence[Path],
    config_path: Path,
    *,
    text: str | None = None,
    label: str | None = None,
    header: bool | None = None,
    force: bool = False,
    console: Console,
) -> Project:
    """Writes a run config and a schema for labelled files, and shows what is in them.

    Args:
      files: One to three labelled files: train, and perhaps dev and test.
      config_path: Where the config goes; the schema goes beside it.
      text: Name or 0-based position of the text column; None: found out.
      label: Name or 0-based position of the label column; None: found out.
      header: Whether the first row of a TSV or CSV names the columns; None: found out.
      force: Whether an existing config and schema may be overwritten.
      console: Where to show what was found.

    Raises:
      UserError: If the files cannot be used, or the config cannot be written.
    """
    check_outputs(config_path, files, force=force)
    with _working("looking at the files") as say:
        # Which rows count as the same does not depend on the labels, which are not known yet.
        any_labels = create_task({"name": _TASK, "labels": ("0", "1")})
        found = inspect_files(files, any_labels, Hints(text, label, header), say)
    show_findings(console, found.layouts, found.profiles, found.roles, found.survey)
    check_rows(found.survey, title(found.roles.label))
    with _working("inferring the schema with TensorFlow Data Validation"):
        plan = _plan(found, config_path)
        texts = {
            config_path: _config(plan, found, config_path),
            plan.schema_file: _schema(plan, found, config_path),
        }
    write_outputs(texts)
    concerns = (*found.notes, *warnings(found.survey, found.layouts, plan.choices))
    show_warnings(console, concerns)
    show_next(console, config_path, plan.schema_file, Path("runs") / plan.name / "serving")
    return Project(plan, config_path, found, concerns)


@contextmanager
def _working(what: str) -> Iterator[Callable[[str], None]]:
    """Shows what goes on, and hides what TensorFlow says while it does.

    Yields:
      A function to say more precisely what goes on.
    """
    with noise_to(Path(os.devnull)) as terminal, terminal.status(what) as status:
        yield status.update


def _plan(found: Inspection, config_path: Path) -> Plan:
    roles, train = found.roles, found.layouts[keys.TRAIN]
    slices = role_names(roles.slices)
    labels = tuple(sorted(found.survey.labels, key=_label_order))
    eval_fraction = None
    if keys.EVAL not in found.layouts:
        task = create_task({"name": _TASK, "labels": labels})
        num_rows = found.survey.counts.accepted[keys.TRAIN]
        eval_fraction = choose_eval_fraction(train, roles, task, num_rows)
    return Plan(
        name=project_name(config_path, train.path),
        layouts=found.layouts,
        columns={keys.TEXT: roles.text, keys.LABEL: roles.label, **slices},
        labels=labels,
        slices=tuple(slices),
        choices=choose(found.survey, _texts(found), eval_fraction),
        schema_file=schema_path(config_path),
    )


def _texts(found: Inspection) -> Iterator[str]:
    for row in found.rows:
        if text := row.get(str(found.roles.text)):
            yield text


def _label_order(label: str) -> tuple[bool, float, str]:
    """Sorts numbers by value and before words."""
    number = is_number(label)
    return not number, float(label) if number else 0.0, label


def _config(plan: Plan, found: Inspection, config_path: Path) -> str:
    return render_config(plan, config_path, p99_words=percentile(found.survey.words, 0.99))


def _schema(plan: Plan, found: Inspection, config_path: Path) -> str:
    task = create_task({"name": _TASK, "labels": plan.labels})
    schema = complete_schema(
        infer_schema(_by_role(found.rows, plan.columns), task),
        labels=plan.labels,
        slices={role: found.survey.slices[str(plan.columns[role])] for role in plan.slices},
        num_rows=found.survey.num_usable,
    )
    files = [layout.path for layout in plan.layouts.values()]
    return schema_text(schema, name=plan.name, files=files, config_path=config_path)


def _by_role(
    rows: Sequence[Mapping[str, str]], columns: Mapping[str, Column]
) -> Iterator[dict[str, str]]:
    """Yields rows keyed by role instead of by column."""
    for row in rows:
        yield {role: row[str(column)] for role, column in columns.items() if str(column) in row}
