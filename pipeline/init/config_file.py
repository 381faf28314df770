"""Writes the run config: every key that matters in a first run, with a line on what it does."""

import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from models.tasks import task_class
from pipeline.config import RunConfig
from pipeline.init.choices import BATCH_SIZE, LEARNING_RATE, MODEL_SIZE, Choices
from pipeline.init.layout import Column, FileLayout
from schemas import features as keys

_LINE = 100
_TEMPLATES = Path(__file__).parents[1] / "templates"
_MADE_BY_INGEST = frozenset((keys.TEXT, keys.LABEL, keys.LABEL_ID, keys.ROW_ID, keys.LENGTH_BUCKET))
_SPLIT_WORDS = frozenset(("train", "training", "trn", "data", "dataset", "config"))


@dataclass(frozen=True)
class Plan:
    """Everything that the config says.

    Attributes:
      name: Name of the pipeline and of the served model.
      layouts: The file of each split.
      columns: Column of each role.
      labels: Labels in the order of the served probabilities.
      slices: Roles to slice the evaluation by.
      choices: Settings chosen from the data.
      schema_file: Where the schema stands.
    """

    name: str
    layouts: Mapping[str, FileLayout]
    columns: Mapping[str, Column]
    labels: tuple[str, ...]
    slices: tuple[str, ...]
    choices: Choices
    schema_file: Path


class _About:
    """Looks up what the config's own classes say of a key, as the reference does."""

    def __call__(self, path: str) -> str:
        """Returns the description of a key such as `train.epochs`."""
        return _field(path).description or ""

    def default(self, path: str) -> Any:
        """Returns the default of a key."""
        return _field(path).default


def render_config(plan: Plan, config_path: Path, *, p99_words: int) -> str:
    """Returns the config as commented YAML.

    Args:
      plan: What it says.
      config_path: Where it will stand, for the command in its first lines.
      p99_words: Words that 99 % of the texts do not exceed.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # YAML, not HTML
    )
    environment.filters |= {"yaml": to_yaml, "comment": to_comment}
    layouts = list(plan.layouts.values())
    task = task_class("classification")
    return environment.get_template("config.yaml.j2").render(
        plan=plan,
        config_path=config_path,
        about=_About(),
        about_labels=task.Options.model_fields["labels"].description,
        baselines=task.baselines,
        files=", ".join(str(layout.path) for layout in layouts),
        format="auto" if all(layout.format_by_ending for layout in layouts) else layouts[0].format,
        delimited=layouts[0].width is not None,
        header=layouts[0].header,
        raised=plan.choices.max_rejected_ratio > _field("ingest.max_rejected_ratio").default,
        model_size=MODEL_SIZE,
        learning_rate=LEARNING_RATE,
        batch_size=BATCH_SIZE,
        p99_words=p99_words,
    )


def to_yaml(value: Any) -> str:
    r"""Returns a value as YAML on one line.

    >>> to_yaml(["0", "a b", "no", 'a\nb'])
    '[\'0\', a b, \'no\', "a\\nb"]'
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(to_yaml(item) for item in value)}]"
    # Within brackets, and with a quoted style where a line would be broken.
    style = '"' if isinstance(value, str) and not value.isprintable() else None
    text = yaml.safe_dump(
        [value],
        default_flow_style=True,
        default_style=style,
        allow_unicode=True,
        width=float("inf"),
    )
    return text.strip()[1:-1]


def to_comment(text: str, indent: int = 0) -> str:
    """Returns text as YAML comment lines of at most 100 characters, the first not indented.

    >>> to_comment("Peak learning rate.", 2)
    '# Peak learning rate.'
    """
    lines = textwrap.wrap(one_line(text), _LINE - indent - 2, break_long_words=False)
    return f"\n{' ' * indent}".join(f"# {line}" for line in lines)


def one_line(text: str) -> str:
    """Returns text that cannot end a comment."""
    return "".join(mark if mark.isprintable() else " " for mark in text)


def role_names(columns: Iterable[Column]) -> dict[str, Column]:
    """Names columns to slice by as features: letters and digits, and no name that ingest uses.

    >>> role_names(["Product line", "label_id", 3])
    {'Product_line': 'Product line', 'label_id_column': 'label_id', 'column_3': 3}
    """
    named: dict[str, Column] = {}
    for number, column in enumerate(columns):
        name = (
            f"column_{column}"
            if isinstance(column, int)
            else re.sub(r"[^A-Za-z0-9]+", "_", column).strip("_")
        )
        name = name or f"slice_{number}"
        name = f"{name}_column" if name in _MADE_BY_INGEST else name
        named[name if name not in named else f"{name}_{number}"] = column
    return named


def project_name(config_path: Path, train: Path) -> str:
    """Returns a name for the pipeline: the config's, else the training file's, else its folder's.

    >>> project_name(Path("config.yaml"), Path("data/Support Tickets/train.tsv.gz"))
    'support-tickets'
    """
    for name in (config_path.stem, train.name.split(".")[0], train.absolute().parent.name):
        words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
        kept = [word for word in words if word not in _SPLIT_WORDS]
        if kept:
            return "-".join(kept)[:63].rstrip("-")
    return "my-model"


def _field(path: str) -> FieldInfo:
    """Returns the field of the run config at a dotted path."""
    *sections, last = path.split(".")
    model: type[BaseModel] = RunConfig
    for section in sections:
        annotation = model.model_fields[section].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            raise TypeError(
                f"{section} must be a section of the run config; received {annotation!r}"
            )
        model = annotation
    return model.model_fields[last]
