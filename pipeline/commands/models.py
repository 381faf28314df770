"""`albert-tfx models`."""

from pathlib import Path
from typing import Annotated

import typer


def models(
    model_base: Annotated[
        Path, typer.Argument(help="Folder of the versions, `<output>/serving` of a run.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the published versions: which is live, how good, from which data and code."""
    from pipeline.console import make_console
    from pipeline.inventory import show_models

    show_models(model_base, make_console(), as_json=as_json)
