"""`albert-tfx submit`."""

import json
from datetime import datetime, timezone

import typer

from pipeline.commands.arguments import (
    ConfigFile,
    DryRun,
    Overrides,
    Parameters,
    Target,
    Unchecked,
)


def submit(
    config: ConfigFile,
    target: Target,
    parameters: Parameters = None,
    overrides: Overrides = None,
    dry_run: DryRun = False,
    unchecked: Unchecked = False,
) -> None:
    """Start a run on Vertex AI or Kubeflow Pipelines.

    Exit code 0: taken on; 1: the service failed; 2: something given must be changed.
    """
    from kubeflow.place import place_of
    from kubeflow.preflight import look_before
    from kubeflow.submission import prepare
    from pipeline.loading import load_config

    loaded = load_config(config, overrides or ())
    submission = prepare(loaded, target.value, parameters or ())
    place = place_of(loaded, target.value)
    now = datetime.now(timezone.utc)
    if dry_run:
        typer.echo(json.dumps(place.run_request(submission, now, checked=not unchecked), indent=2))
        return
    for note in () if unchecked else look_before(submission, loaded, target.value):
        typer.echo(f"note: {note}", err=True)
    started = place.start_run(submission, now, checked=not unchecked)
    typer.echo(f"{started.name}: taken on by {target.value}  {started.link}".rstrip())
