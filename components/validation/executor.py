"""Judges statistics by the curated schema as a TFX step."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import tensorflow_data_validation as tfdv
from absl import logging
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx import types
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, writer_utils

from components.none_found import is_none
from components.refused import keep_outputs
from components.validation.config import ValidationConfig
from components.validation.findings import (
    DATASET,
    Finding,
    describe_shift,
    find_anomalies,
    refusal,
    stopping,
)
from components.validation.kept import keep
from components.validation.rows import offending_rows
from schemas import features as keys
from schemas.errors import RefusedError

ANOMALIES_FILE = "SchemaDiff.pb"
"""Name and content are those of TFX's ExampleValidator, so that its tools read it."""
FINDINGS_FILE = "findings.json"

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList


class Executor(base_executor.BaseExecutor):
    """Executor of `components.validation.component.DataGate`."""

    def Do(  # noqa: N802 - the name is TFX's
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the anomalies.

        Raises:
          RefusedError: If one is of a kind that stops the run; what was found is kept, and its
            place named.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        config = ValidationConfig.model_validate_json(exec_properties["config"])
        statistics = artifact_utils.get_single_instance(input_dict[keys.STATISTICS])
        examples = artifact_utils.get_single_instance(input_dict[keys.EXAMPLES])
        output = artifact_utils.get_single_instance(output_dict[keys.ANOMALIES])
        schema = _read_schema(artifact_utils.get_single_uri(input_dict[keys.SCHEMA]))
        previous = (
            _statistics_by_split(input_dict.get(keys.PREVIOUS_STATISTICS, ()))
            if config.drift
            else {}
        )
        findings: list[Finding] = []
        files: list[str] = []
        for split, current in _statistics_by_split([statistics]).items():
            anomalies = tfdv.validate_statistics(
                current, schema, previous_statistics=previous.get(split)
            )
            files.append(_write_anomalies(output.uri, split, anomalies))
            found = find_anomalies(split, anomalies, config)
            found = list(_explained(found, current, previous.get(split)))
            findings += _with_rows(found, examples, schema, config.example_rows)
        output.split_names = statistics.split_names
        output.span = statistics.span
        _write_findings(output.uri, findings)
        if stops := stopping(findings):
            kept = keep_outputs(output.uri, [*files, FINDINGS_FILE])
            raise RefusedError(
                f"{refusal(stops)}\n  what was found: {os.path.join(kept, FINDINGS_FILE)}"
            )
        for finding in findings:
            logging.warning("data gate: %s", finding)
        if keep_in := exec_properties.get("keep_in"):
            keep(statistics, Path(keep_in))


def _read_schema(uri: str) -> schema_pb2.Schema:
    return io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(uri))


def _statistics_by_split(artifacts: Iterable[types.Artifact]) -> dict[str, Statistics]:
    return {
        split: stats_artifact_utils.load_statistics(artifact, split).proto()
        for artifact in artifacts
        if not is_none(artifact)
        for split in artifact_utils.decode_split_names(artifact.split_names)
    }


def _write_anomalies(uri: str, split: str, anomalies: anomalies_pb2.Anomalies) -> str:
    """Writes the anomalies of a split and returns the file's path below `uri`."""
    name = os.path.join(f"Split-{split}", ANOMALIES_FILE)
    fileio.makedirs(os.path.dirname(os.path.join(uri, name)))
    writer_utils.write_anomalies(os.path.join(uri, name), anomalies)
    return name


def _explained(
    findings: Iterable[Finding], current: Statistics, previous: Statistics | None
) -> Iterator[Finding]:
    """Adds the shares of the values to findings of drift."""
    for finding in findings:
        if finding.is_drift and previous is not None:
            shift = describe_shift(finding.feature, current, previous)
            yield finding.model_copy(update={"description": f"{finding.description}: {shift}"})
        else:
            yield finding


def _with_rows(
    findings: Sequence[Finding], examples: types.Artifact, schema: schema_pb2.Schema, limit: int
) -> Sequence[Finding]:
    """Adds rows to the findings of one split that single rows can show."""
    showable = [item for item in findings if not item.is_drift and item.feature != DATASET]
    if not showable:
        return findings
    uri = artifact_utils.get_split_uri([examples], showable[0].split)
    files = sorted(map(str, fileio.glob(os.path.join(uri, "*"))))
    rows = offending_rows(files, [item.feature for item in showable], schema, limit)
    return [
        item.model_copy(update={"rows": rows[item.feature]}) if item in showable else item
        for item in findings
    ]


def _write_findings(uri: str, findings: Iterable[Finding]) -> None:
    with fileio.open(os.path.join(uri, FINDINGS_FILE), "wb") as stream:
        content = [finding.model_dump(mode="json") for finding in findings]
        stream.write(json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n")
