import pytest

from components.ingest.bigquery.checks import query_problems
from components.ingest.config import IngestConfig

QUERY = {"query": "SELECT 1"}


def problems(beam_project=None, beam_temp_location=None, **config):
    return list(
        query_problems(
            IngestConfig(**config),
            beam_project=beam_project,
            beam_temp_location=beam_temp_location,
        )
    )


@pytest.mark.parametrize(
    "config",
    [
        {"train": "a.tsv"},
        {"train": QUERY, "bigquery": {"project": "paying"}},
        {"train": QUERY, "bigquery": {"project": "paying"}, "beam_project": "paying"},
        {
            "train": QUERY,
            "bigquery": {"project": "paying", "temp_dataset": "tmp"},
            "beam_project": "other",
        },
        {
            "train": QUERY,
            "bigquery": {"project": "paying", "method": "export"},
            "beam_temp_location": "gs://tmp",
        },
        {"train": "a-{SPAN}", "bigquery": {"project": "paying", "spans": "SELECT 1"}},
    ],
)
def test_what_fits_has_no_problems(config):
    assert problems(**config) == []


@pytest.mark.parametrize(
    ("config", "messages"),
    [
        (
            {"train": "a.tsv", "bigquery": {"project": "paying"}},
            ["ingest.bigquery: project is given, but none of train"],
        ),
        (
            {"train": "a.tsv", "eval": QUERY, "bigquery": {"method": "export"}},
            ["ingest.bigquery.project: must name", "ingest.bigquery.temp_location: the method exp"],
        ),
        (
            {"train": QUERY, "bigquery": {"project": "paying"}, "beam_project": "other"},
            ["ingest.bigquery.project: on Dataflow it must be beam.project (other)"],
        ),
        (
            {"train": QUERY, "bigquery": {"project": "paying", "temp_location": "gs://tmp"}},
            ["ingest.bigquery.temp_location: the method direct_read leaves no files"],
        ),
    ],
)
def test_every_problem_is_told_with_its_path(config, messages):
    found = problems(**config)
    assert len(found) == len(messages)
    for problem, message in zip(found, messages, strict=True):
        assert problem.startswith(message)
