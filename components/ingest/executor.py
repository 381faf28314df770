"""Ingest as a TFX step: plans, runs the Beam part, judges the rows, completes the artifacts."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from absl import logging
from tfx import types
from tfx.components.example_gen import utils as example_gen_utils
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from components.ingest.chunks import plan_chunks
from components.ingest.config import IngestConfig
from components.ingest.gates import check_rows, find_warnings
from components.ingest.sources import Sources, resolve_sources
from components.ingest.summary import Counts, IngestSummary, summarize
from components.ingest.transform import IngestPlan, IngestRows
from components.refused import keep_outputs
from models.tasks import create_task
from schemas import features as keys
from schemas.errors import AlbertTfxError

REJECTED_FILE = "rejected.jsonl"
_COPIED_AT_ONCE = 1 << 20


class Executor(base_beam_executor.BaseBeamExecutor):
    """Executor of `components.ingest.component.Ingest`."""

    def Do(  # noqa: N802 - the name is TFX's
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the examples and the quarantine.

        Raises:
          RefusedError: If the rows break a rule of the config; the quarantine is kept, and its
            place named.
          UserError: If the files cannot be used.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        start = time.monotonic()
        config = IngestConfig.model_validate_json(exec_properties["config"])
        task_record = json.loads(exec_properties["task"])
        task = create_task(task_record)
        found = exec_properties["sources"]
        sources = Sources.model_validate_json(found) if found else resolve_sources(config, task)
        examples = artifact_utils.get_single_instance(output_dict[keys.EXAMPLES])
        quarantine = artifact_utils.get_single_instance(output_dict[keys.QUARANTINE])
        plan = IngestPlan(
            config,
            task_record,
            tuple(plan_chunks(sources.files)),
            examples.uri,
            os.path.join(examples.uri, ".staging"),
        )
        fileio.makedirs(plan.staging_uri)
        try:
            self._run(plan, sources.span, quarantine.uri)
        finally:
            fileio.rmtree(plan.staging_uri)
        summary = read_summary(quarantine.uri)
        summary = summary.model_copy(
            update={
                "warnings": find_warnings(summary, config, task),
                "seconds": round(time.monotonic() - start, 2),
            }
        )
        _write_summary(quarantine.uri, summary)
        try:
            check_rows(summary, config, task)
        except AlbertTfxError as error:
            kept = keep_outputs(quarantine.uri, [REJECTED_FILE, keys.INGEST_SUMMARY_FILE])
            rejected = os.path.join(kept, REJECTED_FILE)
            raise type(error)(f"{error}\n  every rejected row: {rejected}") from error
        for warning in summary.warnings:
            logging.warning("ingest: %s", warning)
        describe_examples(examples, plan.splits, sources)

    def _run(self, plan: IngestPlan, span: int, quarantine_uri: str) -> None:
        """Runs the Beam pipeline and brings the rejected rows together."""
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Ingest" >> IngestRows(plan)
                | "WriteSummary"
                >> beam.Map(
                    write_counts, splits=plan.splits, span=span, quarantine_uri=quarantine_uri
                )
            )
        with fileio.open(os.path.join(quarantine_uri, REJECTED_FILE), "wb") as rejected:
            rejected.write(b"")  # without a write, tf.io.gfile makes no file
            for chunk in plan.chunks:
                with fileio.open(plan.rejected_path(chunk.index), "rb") as part:
                    while block := part.read(_COPIED_AT_ONCE):
                        rejected.write(block)


def write_counts(
    counts: Counts, *, splits: tuple[str, ...], span: int, quarantine_uri: str
) -> None:
    """Writes the counts of all rows where the executor, perhaps another machine, reads them."""
    _write_summary(quarantine_uri, summarize(counts, splits, span))


def read_summary(uri: str) -> IngestSummary:
    """Returns the record that `write_counts` left in a folder."""
    with fileio.open(os.path.join(uri, keys.INGEST_SUMMARY_FILE), "rb") as stream:
        return IngestSummary.model_validate_json(stream.read())


def _write_summary(uri: str, summary: IngestSummary) -> None:
    with fileio.open(os.path.join(uri, keys.INGEST_SUMMARY_FILE), "wb") as stream:
        stream.write(summary.model_dump_json(indent=2).encode() + b"\n")


def describe_examples(examples: types.Artifact, splits: Sequence[str], sources: Sources) -> None:
    """Sets what TFX's own components read from an Examples artifact."""
    examples.split_names = artifact_utils.encode_split_names(list(splits))
    examples.span = sources.span
    examples.set_string_custom_property(
        example_gen_utils.FINGERPRINT_PROPERTY_NAME, sources.fingerprint
    )
    examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(examples, "tfrecords_gzip")
