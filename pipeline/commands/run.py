"""`albert-tfx run`."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.arguments import ConfigFile, Overrides
from schemas.errors import UserError

EXIT_REFUSED = 3
"""The run went through and the gate refused the candidate: what is served stays as it was."""


def run(
    config: ConfigFile,
    overrides: Overrides = None,
    then: Annotated[
        Path | None,
        typer.Option(help="A config to run afterwards, from the weights that were trained."),
    ] = None,
    even_if_refused: Annotated[
        bool,
        typer.Option(
            "--even-if-refused",
            help="Run --then also where the gate refuses the first model; that one stays "
            "unpublished.",
        ),
    ] = False,
) -> None:
    """Run a config end to end: ingest, validate, train, evaluate, publish.

    Exit code 0: published, or live already; 1: a step failed; 2: something given must be changed;
    3: the gate refused the candidate.
    """
    from pipeline.follow_up import run_then
    from pipeline.loading import load_config
    from pipeline.run import run as run_config

    if even_if_refused and then is None:
        raise UserError(
            "--even-if-refused says when the config of --then is run; received no --then; give one"
        )
    first = load_config(config, overrides or (), trains_here=True)
    report = (
        run_config(first)
        if then is None
        else run_then(first, then, even_if_refused=even_if_refused)
    )
    if report.status == "refused":
        raise typer.Exit(EXIT_REFUSED)
