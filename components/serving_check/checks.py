"""The checks of an exported model, each a function from the loaded model to what was seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from components.serving_check import latency
from components.serving_check.config import ServingCheckConfig
from components.serving_check.outputs import (
    Outputs,
    adds_up_to_one,
    difference,
    malformed,
    row_of,
    stack,
)
from components.serving_check.requests import HOSTILE_TEXTS, Row, request_everywhere, request_of
from components.serving_check.result import Check
from models.tasks.base import Task
from schemas import features as keys
from schemas.model_info import model_info_path
from serving.saved_model import InvalidRequestError, LoadedModel

Reference = Mapping[str, Mapping[str, Any]]
"""The trainer's own answers: value by output name, by row id."""


@dataclass(frozen=True)
class Subject:
    """What is checked, and what with.

    Attributes:
      model: The exported model, loaded as a server would.
      task: Its task.
      rows: Rows of the data.
      reference: The trainer's own answers.
      reference_rows: The rows of those answers, by row id, as far as the data has them.
      config: The limits.
    """

    model: LoadedModel
    task: Task
    rows: Sequence[Row]
    reference: Reference
    reference_rows: Mapping[str, Row]
    config: ServingCheckConfig

    def ask(self, rows: Sequence[Row]) -> Outputs:
        """Returns the answers to `rows`, asked as texts in one request."""
        _require(bool(rows), "the split holds no rows to send")
        return self.model.run(request_of(rows))


class CheckFailedError(Exception):
    """A check did not pass; the message says what was seen."""


def read_reference(model_dir: Path) -> Reference:
    """Returns the trainer's own answers in a SavedModel; none where it holds none."""
    path = model_info_path(model_dir).with_name(keys.REFERENCE_FILE)
    if not path.is_file():
        return {}
    return {row[keys.ROW_ID]: row["outputs"] for row in json.loads(path.read_text("utf-8"))}


def run_checks(subject: Subject) -> Iterator[Check]:
    """Makes every check and yields its outcome; a failing request fails its check, not the step."""
    for name, check in CHECKS.items():
        yield _run(name, check, subject)
    yield latency.check(subject.model, subject.rows, subject.config.max_latency_ms)


def _run(name: str, check: Callable[[Subject], str], subject: Subject) -> Check:
    try:
        return Check(name=name, passed=True, detail=check(subject))
    except (CheckFailedError, InvalidRequestError) as error:
        return Check(name=name, passed=False, detail=str(error))


def signatures(subject: Subject) -> str:
    """Names and dtypes of inputs and outputs are those of the task."""
    import tensorflow as tf

    model, wanted = subject.model, subject.task.serving_inputs()
    inputs = {name: spec.dtype for name, spec in model.inputs().items()}
    _require(
        inputs == {name: spec.dtype for name, spec in wanted.items()},
        f"{keys.SERVING_DEFAULT} takes {sorted(inputs)}; requests carry {sorted(wanted)}",
    )
    serialized = model.inputs(keys.EXAMPLES_SIGNATURE)
    _require(
        {name: spec.dtype for name, spec in serialized.items()}
        == {keys.SERIALIZED_EXAMPLES: tf.string},
        f"{keys.EXAMPLES_SIGNATURE} must take one string input, {keys.SERIALIZED_EXAMPLES}",
    )
    outputs = {name: spec.dtype for name, spec in model.outputs().items()}
    others = model.outputs(keys.EXAMPLES_SIGNATURE)
    _require(
        outputs == {name: spec.dtype for name, spec in others.items()},
        f"the signatures give {sorted(outputs)} and {sorted(others)}; they must give the same",
    )
    _require(
        not subject.task.prediction_key or subject.task.prediction_key in outputs,
        f"the outputs are {sorted(outputs)}; {subject.task.prediction_key} must be among them",
    )
    return f"{', '.join(sorted(inputs))} -> {', '.join(sorted(outputs))}"


def real_rows(subject: Subject) -> str:
    """Rows of the data get well-formed answers."""
    problem = malformed(subject.ask(subject.rows), len(subject.rows))
    _require(not problem, problem)
    return f"{len(subject.rows)} rows"


def same_as_trainer(subject: Subject) -> str:
    """The exported model answers as the trainer's own model did."""
    _require(bool(subject.reference), f"the model holds no {keys.REFERENCE_FILE} to compare with")
    missing = sorted(subject.reference.keys() - subject.reference_rows.keys())
    _require(not missing, f"rows of {keys.REFERENCE_FILE} are not in the data: {missing[:3]}")
    row_ids = list(subject.reference)
    answers = subject.ask([subject.reference_rows[row_id] for row_id in row_ids])
    names = list(next(iter(subject.reference.values())))
    _require(set(names) <= answers.keys(), f"the model does not give all of {names}")
    expected = {
        name: np.array([subject.reference[row_id][name] for row_id in row_ids]) for name in names
    }
    return _within_tolerance(subject, {name: answers[name] for name in names}, expected)


def batch_as_one_by_one(subject: Subject) -> str:
    """Texts of mixed lengths in one batch get the answers that each gets alone."""
    rows = sorted(subject.rows, key=lambda row: row.num_bytes)
    mixed = [row for pair in zip(rows, reversed(rows), strict=True) for row in pair][: len(rows)]
    together = subject.ask(mixed)
    return _within_tolerance(subject, together, stack([subject.ask([row]) for row in mixed]))


def signatures_agree(subject: Subject) -> str:
    """Both signatures give the same answers to the same rows."""
    serialized = {keys.SERIALIZED_EXAMPLES: [row.serialized for row in subject.rows]}
    answers = subject.model.run(serialized, keys.EXAMPLES_SIGNATURE)
    return _within_tolerance(subject, subject.ask(subject.rows), answers)


def hostile_texts(subject: Subject) -> str:
    """Empty, very long, foreign and broken texts get well-formed answers, alone and in a batch."""
    inputs = subject.model.inputs()
    sum_to_one = bool(subject.rows) and adds_up_to_one(subject.ask(subject.rows))
    alone = []
    for name, text in HOSTILE_TEXTS.items():
        answer = subject.model.run(request_everywhere(inputs, [text]))
        problem = malformed(answer, 1, sum_to_one=sum_to_one)
        _require(not problem, f"{name}: {problem}")
        alone.append(answer)
    together = subject.model.run(request_everywhere(inputs, list(HOSTILE_TEXTS.values())))
    for index, name in enumerate(HOSTILE_TEXTS):
        gap = difference(row_of(together, index), alone[index])
        _require(
            gap <= subject.config.tolerance,
            f"{name}: in a batch of others its answer differs by {gap:.2g}",
        )
    return ", ".join(HOSTILE_TEXTS)


def empty_batch(subject: Subject) -> str:
    """A request with no text gets an empty answer."""
    shapes = {name: (0,) * spec.shape.rank for name, spec in subject.model.inputs().items()}
    request = {name: np.empty(shape, object) for name, shape in shapes.items()}
    problem = malformed(subject.model.run(request), 0)
    _require(not problem, problem)
    return "0 texts, 0 answers"


def wrong_dtype(subject: Subject) -> str:
    """A request with numbers for texts is refused."""
    try:
        subject.model.run(
            {
                name: np.ones((1,) * spec.shape.rank, np.int64)
                for name, spec in subject.model.inputs().items()
            }
        )
    except InvalidRequestError as error:
        return str(error)
    raise CheckFailedError("numbers were taken for texts")


CHECKS: Mapping[str, Callable[[Subject], str]] = {
    "has the signatures of its task": signatures,
    "answers rows of the data": real_rows,
    "answers as the trainer's model did": same_as_trainer,
    "answers a batch as one by one": batch_as_one_by_one,
    "answers alike through both signatures": signatures_agree,
    "answers hostile texts": hostile_texts,
    "answers an empty batch": empty_batch,
    "refuses a wrong dtype": wrong_dtype,
}


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise CheckFailedError(otherwise)


def _within_tolerance(subject: Subject, answers: Outputs, expected: Outputs) -> str:
    gap, tolerance = difference(answers, expected), subject.config.tolerance
    _require(
        gap <= tolerance,
        f"the largest difference is {gap:.2g}; serving_check.tolerance is {tolerance:g}",
    )
    return f"largest difference {gap:.2g}"
