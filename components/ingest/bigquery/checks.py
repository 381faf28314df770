"""What is wrong between the queries of a config and the keys that say how they are asked."""

from __future__ import annotations

from collections.abc import Iterator

from components.ingest.bigquery.config import BigQueryConfig
from components.ingest.config import IngestConfig


def query_problems(
    config: IngestConfig, *, beam_project: str | None, beam_temp_location: str | None
) -> Iterator[str]:
    """Yields every problem in a line with its path.

    Args:
      config: The section `ingest`.
      beam_project: Project that Dataflow is billed to, where it is used.
      beam_temp_location: Its folder on Cloud Storage.
    """
    section = config.bigquery
    if not config.queries and section.spans is None:
        if given := section.model_dump(exclude_defaults=True):
            yield (
                f"ingest.bigquery: {', '.join(given)} is given, but none of train, eval and test "
                "is a query, such as train: {query: SELECT …}"
            )
        return
    if section.project is None:
        yield (
            "ingest.bigquery.project: must name the project that pays for the queries; "
            "received none"
        )
    elif beam_project not in (None, section.project) and section.temp_dataset is None:
        # Beam's source then bills the project of the pipeline, whatever it is told itself.
        yield (
            f"ingest.bigquery.project: on Dataflow it must be beam.project ({beam_project}) where "
            f"ingest.bigquery.temp_dataset is unset; received {section.project}; name a dataset "
            "of that project, or use one project for both"
        )
    yield from _temp_location_problems(section, beam_temp_location)


def _temp_location_problems(
    section: BigQueryConfig, beam_temp_location: str | None
) -> Iterator[str]:
    is_export = section.method == "export"
    if is_export and section.temp_location is None and beam_temp_location is None:
        yield (
            "ingest.bigquery.temp_location: the method export leaves files in a folder on Cloud "
            "Storage (gs://…); received none; name one, or take direct_read"
        )
    if not is_export and section.temp_location is not None:
        yield (
            "ingest.bigquery.temp_location: the method direct_read leaves no files; received "
            f"{section.temp_location}; leave it out, or set ingest.bigquery.method: export"
        )
