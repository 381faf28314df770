"""`albert-tfx predict`."""

from pathlib import Path
from typing import Annotated

import typer


def predict(
    model_base: Annotated[
        Path, typer.Option(help="Folder of the versions, `<output>/serving` of a run.")
    ],
    texts: Annotated[
        list[str] | None, typer.Argument(help="Texts; unset: one a line from --input or stdin.")
    ] = None,
    version: Annotated[
        int | None, typer.Option(help="Version; unset: the one that is live.")
    ] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", help="File with one text a line.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, max=4096, help="Texts a request.")] = 32,
) -> None:
    """Ask a published model, as TensorFlow Serving would; one JSON object a line."""
    from pipeline.predict import predict_lines

    for line in predict_lines(
        model_base, texts or None, version=version, input_file=input_file, batch_size=batch_size
    ):
        typer.echo(line)
