"""`albert-tfx tune-serving`."""

from pathlib import Path
from typing import Annotated

import typer


def tune_serving(
    model_base: Annotated[
        Path, typer.Argument(help="Folder of the versions, `<output>/serving` of a run.")
    ],
    version: Annotated[int | None, typer.Option(min=1, help="Unset: the live one.")] = None,
    max_latency_ms: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="What a request may take while every batch is full; unset: the most requests a "
            "second, whatever each takes.",
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.0, help="Time for each batch size and number of threads.")
    ] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure a published model, and write what TensorFlow Serving is told at its start."""
    from pipeline.console import make_console
    from pipeline.tune_serving import tune

    tune(
        model_base,
        make_console(),
        version=version,
        max_latency_ms=max_latency_ms,
        seconds=seconds,
        as_json=as_json,
    )
