"""`albert-tfx drift`."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.arguments import ModelBase

EXIT_DRIFTED = 3
"""What is asked is no longer like what the model was trained on."""
EXIT_TOO_FEW = 4
"""There are too few logged texts to tell."""


def drift(  # noqa: PLR0913 - an option each
    log_dir: Annotated[Path, typer.Argument(help="Folder of the gateway's request log.")],
    *,
    model_base: ModelBase,
    hours: Annotated[
        float, typer.Option(min=0.01, help="Length of the period that ends now.")
    ] = 24.0,
    version: Annotated[
        int | None, typer.Option(min=1, help="Version to compare with; unset: the live one.")
    ] = None,
    min_rows: Annotated[
        int, typer.Option(min=1, help="Logged texts before anything is said.")
    ] = 500,
    max_length: Annotated[
        float, typer.Option(min=0, max=1, help="Largest divergence of words and pieces a text.")
    ] = 0.05,
    max_unknown: Annotated[
        float, typer.Option(min=0, max=1, help="Largest divergence of the unknown-piece rate.")
    ] = 0.05,
    max_pieces: Annotated[
        float, typer.Option(min=0, max=1, help="Largest divergence of the pieces.")
    ] = 0.03,
    max_label: Annotated[
        float, typer.Option(min=0, max=1, help="Largest difference of a label's share.")
    ] = 0.1,
    output: Annotated[
        Path | None, typer.Option(help="Folder for the verdict; unset: drift/ beside the log.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Compare what was asked of the live model with what it was trained on.

    Exit code 0: no drift; 3: drift; 4: too few logged texts to tell.
    """
    from rich.console import Console

    from components.drift.report import DriftLimits
    from pipeline.drift import PICTURE_FILE, check_drift, drift_table

    console = Console()
    report, folder = check_drift(
        model_base,
        log_dir,
        Console(stderr=True),
        hours=hours,
        version=version,
        limits=DriftLimits(
            min_rows=min_rows,
            max_length=max_length,
            max_unknown=max_unknown,
            max_pieces=max_pieces,
            max_label=max_label,
        ),
        output=output,
    )
    if as_json:
        console.print_json(report.model_dump_json())
    else:
        if report.measurements:
            console.print(drift_table(report))
        console.print(f"{report.sentence}; the picture: {folder / PICTURE_FILE}", soft_wrap=True)
    if report.status != "stable":
        raise typer.Exit(EXIT_DRIFTED if report.status == "drifted" else EXIT_TOO_FEW)
