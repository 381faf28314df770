"""Joins the stages to the TFX pipeline that a config describes."""

from pathlib import Path

from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline

from components.ingest.sources import Sources
from pipeline.backend import Backend, MetadataBackend
from pipeline.config import RunConfig
from pipeline.stages.ingest import ingest_stage
from pipeline.stages.release import release_stage
from pipeline.stages.train import train_stage
from pipeline.stages.validate import validate_stage


def metadata_file(config: RunConfig) -> Path:
    """Returns the SQLite file of ML Metadata."""
    return config.output_dir / "metadata.sqlite"


def build_pipeline(
    config: RunConfig,
    *,
    sources: Sources | None,
    schema_file: Path,
    run_id: str,
    backend: Backend | None = None,
) -> Pipeline:
    """Builds the DAG of `config`.

    Args:
      config: The run config.
      sources: The resolved input files; None where the step that reads them finds them.
      schema_file: The curated schema, completed from the config.
      run_id: Name of this run, recorded in the published version.
      backend: Makes the nodes that differ by the place of the run; unset: a place with ML Metadata.

    Returns:
      The pipeline for any TFX runner, with caching on. It sets no Beam options: Beam's default is
      the direct runner with one worker, which repeats exactly, and for any option TFX would pack
      itself into an archive anew for every step that uses Beam.
    """
    backend = backend or MetadataBackend()
    ingested = ingest_stage(config, sources)
    validated = validate_stage(config, ingested, schema_file, backend)
    trained = train_stage(config, sources, ingested, validated, backend)
    released = release_stage(config, run_id, ingested, trained, backend)
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=str(config.output_dir / "pipeline"),
        metadata_connection_config=metadata.sqlite_metadata_connection_config(
            str(metadata_file(config))
        ),
        components=[*ingested.nodes, *validated.nodes, *trained.nodes, *released.nodes],
        enable_cache=True,
    )
