from dataclasses import replace
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.metrics import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions

from components.ingest.chunks import plan_chunks
from components.ingest.config import IngestConfig
from components.ingest.executor import write_counts
from components.ingest.plan import IngestPlan
from components.ingest.shards import read_records
from components.ingest.sources import resolve_sources
from components.ingest.summary import IngestSummary
from components.ingest.transform import IngestRows

TASK = {"name": "classification", "labels": ["0", "1"]}


@pytest.fixture
def make_plan(write, task, tmp_path):
    def make(content, *, chunk_bytes, **config):
        typed = IngestConfig(train=write("a.tsv", content), **config)
        chunks = plan_chunks(resolve_sources(typed, task).files, chunk_bytes)
        staging = tmp_path / "examples" / ".staging"
        staging.mkdir(parents=True, exist_ok=True)
        return IngestPlan(typed, TASK, tuple(chunks), str(tmp_path / "examples"), str(staging))

    return make


def run(plan, *options):
    """Returns the summary of a run and Beam's counters."""
    folder = plan.examples_uri
    pipeline = beam.Pipeline(options=PipelineOptions(["--direct_num_workers=1", *options]))
    _ = (
        pipeline
        | IngestRows(plan)
        | beam.Map(write_counts, splits=plan.splits, span=0, quarantine_uri=folder)
    )
    result = pipeline.run()
    result.wait_until_finish()
    summary = IngestSummary.model_validate_json(Path(folder, "summary.json").read_text())
    found = result.metrics().query(MetricsFilter().with_namespace("albert_tfx.ingest"))["counters"]
    return summary, {counter.key.metric.name: counter.committed for counter in found}


def records(plan, split):
    return [
        record
        for chunk in range(len(plan.chunks))
        for record in read_records(plan.shard_path(split, chunk))
    ]


CONTENT = "text\tlabel\n" + "".join(f"text {n % 90}\t{n % 2}\n" for n in range(100)) + "bad\n"


@pytest.mark.parametrize("duplicates", ["warn", "drop"])
def test_chunks_do_not_change_the_examples(make_plan, duplicates):
    whole = make_plan(CONTENT, chunk_bytes=10**9, duplicates=duplicates)
    parts = make_plan(CONTENT, chunk_bytes=200, duplicates=duplicates)
    assert len(parts.chunks) > 4
    first, _ = run(whole)
    expected = {split: records(whole, split) for split in whole.splits}
    second, _ = run(parts)
    assert {split: records(parts, split) for split in parts.splits} == expected
    assert second == first
    assert second.num_dropped == (10 if duplicates == "drop" else 0)


def test_beam_counts_the_rows(make_plan):
    _, counters = run(make_plan(CONTENT, chunk_bytes=200))
    assert counters == {"rows_in": 101, "rows_out": 100, "rejected/column_count": 1}


def test_a_second_attempt_gives_the_same(make_plan):
    plan = make_plan(CONTENT, chunk_bytes=200, duplicates="drop")
    run(plan)
    first = {split: records(plan, split) for split in plan.splits}
    run(plan)
    assert {split: records(plan, split) for split in plan.splits} == first


def test_threads_give_what_one_worker_gives(make_plan):
    plan = make_plan(CONTENT, chunk_bytes=200)
    run(plan)
    expected = {split: records(plan, split) for split in plan.splits}
    other = replace(plan, examples_uri=plan.examples_uri + "-threads")
    Path(other.examples_uri).mkdir()
    run(other, "--direct_num_workers=2", "--direct_running_mode=multi_threading")
    assert {split: records(other, split) for split in other.splits} == expected
