"""`albert-tfx gateway`."""

from pathlib import Path
from typing import Annotated

import typer


def gateway(  # noqa: PLR0913 - an option each
    *,
    upstream: Annotated[
        str | None, typer.Option(help="gRPC port of the server behind, grpc://HOST:PORT.")
    ] = None,
    rest_upstream: Annotated[
        str | None, typer.Option(help="REST port of the server behind, http://HOST:PORT.")
    ] = None,
    model_base: Annotated[
        Path | None,
        typer.Option(help="Folder of the versions: requests go where its release says."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="gRPC port.")] = 8600,
    rest_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of REST and of the metrics.")
    ] = 8601,
    token: Annotated[
        str | None,
        typer.Option(envvar="ALBERT_TFX_TOKEN", help="Bearer token that requests must bring."),
    ] = None,
    cert_file: Annotated[Path | None, typer.Option(help="Certificate for TLS (PEM).")] = None,
    key_file: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    log_dir: Annotated[
        Path | None, typer.Option(help="Folder of the request log; unset: nothing is logged.")
    ] = None,
    log_percent: Annotated[
        float, typer.Option(min=0, max=100, help="Share of the requests that are logged.")
    ] = 10.0,
    keep_text: Annotated[
        bool, typer.Option("--keep-text", help="Log texts; else only their lengths.")
    ] = False,
    redact: Annotated[
        str | None,
        typer.Option(help="With --keep-text: package.module.function, applied to each text."),
    ] = None,
    compare_percent: Annotated[
        float,
        typer.Option(min=0, max=100, help="Share of a canary's answers compared with the live's."),
    ] = 10.0,
    timeout: Annotated[
        float, typer.Option(min=0.001, help="Seconds for a request without a deadline.")
    ] = 60.0,
) -> None:
    """Stand in front of a TensorFlow Serving: a canary's share, a request log, metrics, a token."""
    from pipeline.gateway import log_settings, serve_gateway
    from serving.gateway.settings import GatewaySettings

    serve_gateway(
        GatewaySettings(
            upstream=upstream,
            rest_upstream=rest_upstream,
            model_base=model_base,
            host=host,
            port=port,
            rest_port=rest_port,
            token=token,
            cert_file=cert_file,
            key_file=key_file,
            log=log_settings(log_dir, log_percent, keep_text=keep_text, redact=redact),
            compare_percent=compare_percent,
            timeout=timeout,
        )
    )
