"""`albert-tfx init`."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    files: Annotated[
        list[Path],
        typer.Argument(help="Labelled text files: TSV, CSV, JSONL or TFRecord, plain or .gz."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The config to write.")] = Path(
        "config.yaml"
    ),
    text: Annotated[
        str | None, typer.Option(help="Name or 0-based position of the text column.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Name or 0-based position of the label column.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite an existing config and schema.")
    ] = False,
) -> None:
    """Look at labelled files, say what is in them, and write a config and a schema to review."""
    from pipeline.console import make_console
    from pipeline.init import init_project

    init_project(files, output, text=text, label=label, force=force, console=make_console())
