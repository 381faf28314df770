"""Ingest as a TFX step: plans, runs the Beam part, judges the rows, completes the artifacts."""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import apache_beam as beam
from absl import logging
from apache_beam.options.pipeline_options import GoogleCloudOptions
from tfx import types
from tfx.components.example_gen import utils as example_gen_utils
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from components.ingest.bigquery.errors import explained_text
from components.ingest.chunks import plan_chunks, plan_shards
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
        plan = _make_plan(config, task_record, sources, examples.uri)
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
        with _explained(plan), self._make_beam_pipeline() as pipeline:
            _set_project(pipeline, plan)
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


def _make_plan(
    config: IngestConfig, task_record: Mapping[str, Any], sources: Sources, examples_uri: str
) -> IngestPlan:
    chunks = plan_chunks(sources.files)
    chunks += plan_shards(sources.queries, config.bigquery.shards, chunks)
    staging_uri = os.path.join(examples_uri, ".staging")
    return IngestPlan(
        config, task_record, tuple(chunks), examples_uri, staging_uri, sources.queries
    )


def _set_project(pipeline: beam.Pipeline, plan: IngestPlan) -> None:
    """Tells Beam who pays: without, its source leaves its temporary datasets behind."""
    options = pipeline.options.view_as(GoogleCloudOptions)
    if plan.queries and not options.project:
        options.project = plan.config.bigquery.project


@contextmanager
def _explained(plan: IngestPlan) -> Iterator[None]:
    """Turns what BigQuery refused into words; a runner hands it on as text, whatever it was."""
    try:
        yield
    except Exception as error:
        places = ", ".join(f"ingest.{split}.query" for split in plan.config.queries)
        told = explained_text(_whole(error), places, plan.config.bigquery.project)
        if not plan.queries or told is None:
            raise
        raise told from error


def _whole(error: BaseException) -> str:
    """Returns an error with all that it was raised from, as text."""
    return "".join(traceback.format_exception(error))


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
