import pytest
from tfx.components import StatisticsGen
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline

from components.ingest.component import Ingest
from components.ingest.config import IngestConfig
from components.ingest.sources import resolve_sources
from components.validation.component import DataGate
from components.validation.config import ValidationConfig
from components.validation.previous import previous_statistics
from components.validation.schema import write_schema
from components.validation.statistics import statistics_options
from schemas.errors import RefusedError

TASK = {"name": "classification", "labels": ["0", "1"]}


@pytest.fixture
def run(task, tmp_path):
    """Runs everything up to the gate; returns how often the gate has come to its end."""

    def run_pipeline(pattern="{SPAN}.tsv", **validation):
        config, gate_config = (
            IngestConfig(train=str(tmp_path / pattern)),
            ValidationConfig(**validation),
        )
        schema_file = write_schema(gate_config, task, config, tmp_path / "schemas")
        ingest = Ingest(
            sources=resolve_sources(config, task), config=config, task=TASK, code_version="1"
        )
        examples = ingest.outputs["examples"]
        statistics = StatisticsGen(examples=examples, stats_options=statistics_options())
        schema = ImportSchemaGen(schema_file=str(schema_file))
        previous = previous_statistics(statistics.outputs["statistics"])
        gate = DataGate(
            statistics=statistics.outputs["statistics"],
            schema=schema.outputs["schema"],
            examples=examples,
            previous_statistics=previous.outputs["previous_statistics"],
            config=gate_config,
            code_version="1",
        )
        connection = metadata.sqlite_metadata_connection_config(str(tmp_path / "metadata.sqlite"))
        LocalDagRunner().run(
            Pipeline(
                pipeline_name="test",
                pipeline_root=str(tmp_path / "root"),
                metadata_connection_config=connection,
                components=[ingest, statistics, schema, previous, gate],
                enable_cache=True,
            )
        )
        return len(list(tmp_path.glob("root/DataGate/anomalies/*")))

    return run_pipeline


@pytest.fixture
def write(tmp_path):
    def write_rows(name, share_of_ones=0.5):
        rows = [f"a film {n}\t{int(n < 100 * share_of_ones)}\n" for n in range(100)]
        (tmp_path / name).write_text("text\tlabel\n" + "".join(rows))

    return write_rows


def test_good_data_passes_and_a_rerun_is_taken_from_the_cache(run, write):
    write("1.tsv")
    assert run() == 1
    assert run() == 1


def test_a_span_that_drifted_is_refused_again_and_is_not_the_next_measure(run, write):
    write("1.tsv")
    run()
    write("2.tsv", share_of_ones=0.9)
    for _ in range(2):
        with pytest.raises(RefusedError, match=r"train: label: COMPARATOR_L_INFTY_HIGH"):
            run()
    write("3.tsv", share_of_ones=0.95)
    with pytest.raises(RefusedError, match=r"COMPARATOR_L_INFTY_HIGH"):
        run()


def test_data_without_spans_is_compared_with_the_run_before(run, write):
    write("a.tsv")
    run("a.tsv")
    write("a.tsv", share_of_ones=0.9)
    with pytest.raises(RefusedError, match=r"COMPARATOR_L_INFTY_HIGH"):
        run("a.tsv")
