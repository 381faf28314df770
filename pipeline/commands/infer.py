"""`albert-tfx infer`."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.arguments import ConfigFile, Overrides


def infer(
    config: ConfigFile,
    source: Annotated[str, typer.Argument(metavar="INPUT", help="File or glob of rows.")],
    output: Annotated[Path, typer.Argument(help="JSON Lines file to write.")],
    overrides: Overrides = None,
    *,
    version: Annotated[
        int | None, typer.Option(help="Version; unset: the one that is live.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, max=4096, help="Rows a batch.")] = 32,
) -> None:
    """Answer every row of a file with a published model; one JSON object a line.

    Rows that cannot be used go to OUTPUT.rejected.jsonl, with file, line and reason.
    """
    from pipeline.console import make_console
    from pipeline.infer import infer_file
    from pipeline.loading import load_config

    infer_file(
        load_config(config, overrides or ()),
        source,
        output,
        make_console(),
        version=version,
        batch_size=batch_size,
    )
