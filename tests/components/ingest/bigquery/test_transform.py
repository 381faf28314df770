"""The Beam graph of a query as it would be sent to Dataflow; nothing is sent."""

import apache_beam as beam
import pytest
from apache_beam.io.gcp.gcsio import GcsIO
from apache_beam.options.pipeline_options import PipelineOptions

from components.ingest.bigquery.queries import QuerySource
from components.ingest.chunks import plan_shards
from components.ingest.config import IngestConfig
from components.ingest.formats.base import SourceFile
from components.ingest.plan import IngestPlan
from components.ingest.transform import IngestRows

TASK = {"name": "classification", "labels": ["0", "1"]}
DATAFLOW = [
    "--runner=DataflowRunner",
    "--project=paying",
    "--region=europe-west4",
    "--temp_location=gs://tmp/beam",
    "--job_name=demo-ingest",
]


@pytest.mark.parametrize("method", ["direct_read", "export"])
def test_the_graph_for_dataflow_holds_beams_source_for_each_query(method, monkeypatch):
    # Beam asks the bucket for its policy; where no network is, for two minutes.
    monkeypatch.setattr(GcsIO, "is_soft_delete_enabled", lambda self, path: False)
    texts = [f"SELECT text, label FROM d.t{number}" for number in range(2)]
    config = IngestConfig(
        train={"query": "SELECT 1"}, bigquery={"project": "paying", "method": method, "shards": 3}
    )
    queries = tuple(
        QuerySource(
            source=SourceFile(
                split="train", path="q", name=f"q{n}", format="bigquery", columns={"text": "text"}
            ),
            text=text,
        )
        for n, text in enumerate(texts)
    )
    chunks = tuple(plan_shards(queries, 3, []))
    plan = IngestPlan(config, TASK, chunks, "gs://root/examples", "gs://root/.staging", queries)
    pipeline = beam.Pipeline(options=PipelineOptions(DATAFLOW))
    _ = pipeline | "Ingest" >> IngestRows(plan)
    graph = pipeline.to_runner_api().SerializeToString()
    for text in texts:
        assert text.encode() in graph
    assert b"Ingest/Ask/q0/Read" in graph
    assert b"Ingest/ReadShard" in graph
    assert [chunk.index for chunk in plan.query_chunks] == list(range(6))
