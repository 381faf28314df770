"""Joins the stages to the TFX pipeline that a config describes."""

from pathlib import Path

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.pipeline import Pipeline

from components.ingest.sources import Sources
from pipeline.backend import Backend, MetadataBackend
from pipeline.beam import spread_steps
from pipeline.config import RunConfig
from pipeline.stages.ingest import ingest_stage
from pipeline.stages.release import release_stage
from pipeline.stages.train import train_stage
from pipeline.stages.validate import validate_stage


def build_pipeline(
    config: RunConfig,
    *,
    sources: Sources | None,
    schema_file: Path,
    run_id: str,
    connection: metadata_store_pb2.ConnectionConfig | None = None,
    backend: Backend | None = None,
) -> Pipeline:
    """Builds the DAG of `config`.

    Args:
      config: The run config.
      sources: The resolved input files; None where the step that reads them finds them.
      schema_file: The curated schema, completed from the config.
      run_id: Name of this run, recorded in the published version.
      connection: How ML Metadata is reached; None for a place that has its own.
      backend: Makes the nodes that differ by the place of the run; unset: a place with ML Metadata.

    Returns:
      The pipeline for any TFX runner, with caching on. Unless the config asks for it, it sets no
      Beam options: Beam's default is the direct runner with one worker, which repeats exactly.

    Raises:
      UserError: If Beam's workers have no image.
    """
    backend = backend or MetadataBackend()
    ingested = ingest_stage(config, sources)
    validated = validate_stage(config, ingested, schema_file, backend)
    trained = train_stage(config, sources, ingested, validated, backend)
    released = release_stage(config, run_id, ingested, trained, backend)
    nodes = [*ingested.nodes, *validated.nodes, *trained.nodes, *released.nodes]
    spread_steps(nodes, config.beam, config.name)
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=str(config.artifact_dir),
        metadata_connection_config=connection,
        components=nodes,
        enable_cache=True,
    )
