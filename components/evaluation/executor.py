"""Runs TFMA, applies the gate, and writes verdict and blessing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from tfx import types
from tfx.components.evaluator import constants
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.evaluation.comparability import why_incomparable
from components.evaluation.config import EvaluateConfig
from components.evaluation.gate import judge
from components.evaluation.measurements import read_measurements
from components.evaluation.thresholds import CANDIDATE, CHAMPION, check_thresholds
from components.evaluation.verdict import ChampionStatus, Verdict
from components.none_found import is_none
from components.raw_examples import read_raw_examples
from models.tasks import create_task
from models.tasks.base import Task
from schemas import features as keys
from schemas.errors import UserError
from schemas.model_info import read_model_info

_NUM_PROBES = 8
"""Rows that the champion must answer before it is measured."""


class Executor(BaseBeamExecutor):
    """Executor of `Evaluate`."""

    def Do(  # noqa: N802 - the name that TFX calls
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Measures candidate, champion and baselines, and judges the candidate.

        Raises:
          UserError: If a threshold names what does not exist.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        task = create_task(json.loads(exec_properties["task"]))
        config = EvaluateConfig.model_validate_json(exec_properties["config"])
        split = exec_properties["split"]
        baselines = _by_name(
            [
                artifact
                for key in sorted(input_dict)
                if key.startswith(keys.BASELINES)
                for artifact in input_dict[key]
            ]
        )
        _refuse_bad_thresholds(config, task, list(baselines))
        champions = [
            champion for champion in input_dict.get(keys.CHAMPION, []) if not is_none(champion)
        ]
        champion = _champion_status(champions, task, input_dict[keys.EXAMPLES], split)
        models = {CANDIDATE: _model_dir(input_dict[keys.MODEL][0]), **baselines}
        if champion.status == "compared":
            models[CHAMPION] = _model_dir(champions[0])

        evaluation = artifact_utils.get_single_instance(output_dict[keys.EVALUATION])
        self._analyze(models, task, config, input_dict[keys.EXAMPLES], split, evaluation.uri)
        verdict = judge(
            read_measurements(evaluation.uri),
            config=config,
            metrics=task.metrics(),
            baselines=list(baselines),
            champion=champion,
            split=split,
        )
        Path(evaluation.uri, keys.VERDICT_FILE).write_text(
            verdict.model_dump_json(indent=2) + "\n", "utf-8"
        )
        blessing = artifact_utils.get_single_instance(output_dict[keys.BLESSING])
        _bless(blessing, verdict, input_dict[keys.MODEL][0], champions)

    def _analyze(
        self,
        models: Mapping[str, Path],
        task: Task,
        config: EvaluateConfig,
        examples: Sequence[types.Artifact],
        split: str,
        output_path: str,
    ) -> None:
        from components.evaluation.analysis import (
            Analyze,
            ReadSplit,
            make_eval_config,
            models_freed,
        )

        eval_config = make_eval_config(task, list(models), evaluated_slices(task, config))
        with models_freed(), self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "ReadSplit" >> ReadSplit(examples, split, batch_size=config.batch_size)
                | "Analyze" >> Analyze(models, eval_config, output_path)
            )


def evaluated_slices(task: Task, config: EvaluateConfig) -> tuple[str, ...]:
    """Returns the features that rows are sliced by: the task's, then the config's."""
    return tuple(dict.fromkeys((*task.slice_keys, *config.slices)))


def _refuse_bad_thresholds(config: EvaluateConfig, task: Task, baselines: Sequence[str]) -> None:
    problems = check_thresholds(
        config,
        metric_names=[metric.name for metric in task.metrics()],
        baseline_names=baselines,
        slice_names=evaluated_slices(task, config),
    )
    if problems:
        raise UserError("; ".join(problems))


def _champion_status(
    champions: Sequence[types.Artifact],
    task: Task,
    examples: Sequence[types.Artifact],
    split: str,
) -> ChampionStatus:
    if not champions:
        return ChampionStatus(status="none", reason="no model was blessed before")
    uri = champions[0].uri
    probes = [row.serialized for row in islice(read_raw_examples(examples, split), _NUM_PROBES)]
    problem = why_incomparable(_model_dir(champions[0]), task, probes)
    if problem:
        return ChampionStatus(
            status="incompatible", reason=f"the champion cannot be compared: {problem}", uri=uri
        )
    return ChampionStatus(status="compared", uri=uri)


def _by_name(baselines: Sequence[types.Artifact]) -> dict[str, Path]:
    """Returns the folders of the baselines by the name in their record."""
    named = {}
    for position, artifact in enumerate(baselines, start=1):
        folder = _model_dir(artifact)
        info = read_model_info(folder)
        named[info.name if info else f"baseline-{position}"] = folder
    return named


def _model_dir(model: types.Artifact) -> Path:
    return Path(path_utils.serving_model_path(model.uri))


def _bless(
    blessing: types.Artifact,
    verdict: Verdict,
    candidate: types.Artifact,
    champions: Sequence[types.Artifact],
) -> None:
    """Writes the properties and the file of TFX's own Evaluator, for its resolvers and Pusher."""
    blessed = verdict.blessed
    name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
    Path(blessing.uri, name).touch()
    blessing.set_int_custom_property(
        constants.ARTIFACT_PROPERTY_BLESSED_KEY,
        constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE,
    )
    blessing.set_string_custom_property(
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, candidate.uri
    )
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, candidate.id)
    if verdict.champion.status == "compared":
        blessing.set_string_custom_property(
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, champions[0].uri
        )
        blessing.set_int_custom_property(
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, champions[0].id
        )
    blessing.set_string_custom_property(
        constants.ARTIFACT_PROPERTY_BLESSING_MESSAGE_KEY, verdict.summary
    )
