"""`albert-tfx predict`."""

from pathlib import Path
from typing import Annotated

import typer


def predict(  # noqa: PLR0913 - an option each
    texts: Annotated[
        list[str] | None, typer.Argument(help="Texts; unset: one a line from --input or stdin.")
    ] = None,
    *,
    model_base: Annotated[
        Path | None, typer.Option(help="Folder of the versions, `<output>/serving` of a run.")
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(help="A TensorFlow Serving instead: grpc://HOST:PORT or http://HOST:PORT."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Name of the model on the server.")] = None,
    version: Annotated[
        int | None, typer.Option(help="Version; unset: the one that is live.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Version label on the server, such as stable.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.001, help="Seconds that the server has for a batch.")
    ] = 10.0,
    token: Annotated[
        str | None,
        typer.Option(envvar="ALBERT_TFX_TOKEN", help="Bearer token for the server."),
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(help="Authorities to trust with grpcs:// and https:// (PEM).")
    ] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", help="File with one text a line.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, max=4096, help="Texts a request.")] = 32,
) -> None:
    """Ask a published model, in process or on a server; one JSON object a line."""
    from pipeline.predict import from_model_base, from_server, predict_lines
    from schemas.errors import UserError

    if (model_base is None) == (server is None):
        raise UserError("predict asks either a folder, --model-base DIR, or a server, --server URL")
    if model_base is not None:
        if model or label or ca_file:
            raise UserError("--model, --label and --ca-file choose on a server: give --server URL")
        predictor = from_model_base(model_base, version=version, batch_size=batch_size)
    elif not model or server is None:
        raise UserError("a server may hold many models: name one with --model NAME")
    else:
        predictor = from_server(
            server,
            model,
            version=version,
            label=label,
            timeout=timeout,
            token=token,
            ca_file=ca_file,
            batch_size=batch_size,
        )
    for line in predict_lines(predictor, texts or None, input_file=input_file):
        typer.echo(line)
