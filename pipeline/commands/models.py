"""`albert-tfx models`."""

from pathlib import Path
from typing import Annotated

import typer


def models(
    model_base: Annotated[
        Path, typer.Argument(help="Folder of the versions, `<output>/serving` of a run.")
    ],
    history: Annotated[
        bool, typer.Option("--history", help="List the changes of what is live instead.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the published versions: which is live, how good, from which data and code."""
    from pipeline.console import make_console
    from pipeline.inventory import show_history, show_models

    show = show_history if history else show_models
    show(model_base, make_console(), as_json=as_json)
