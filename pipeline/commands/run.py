"""`albert-tfx run`."""

import typer

from pipeline.commands.arguments import ConfigFile, Overrides

EXIT_REFUSED = 3
"""The run went through and the gate refused the candidate: what is served stays as it was."""


def run(
    config: ConfigFile,
    overrides: Overrides = None,
) -> None:
    """Run a config end to end: ingest, validate, train, evaluate, publish.

    Exit code 0: published, or live already; 1: a step failed; 2: something given must be changed;
    3: the gate refused the candidate.
    """
    from pipeline.loading import load_config
    from pipeline.run import run as run_config

    report = run_config(load_config(config, overrides or ()))
    if report.status == "refused":
        raise typer.Exit(EXIT_REFUSED)
