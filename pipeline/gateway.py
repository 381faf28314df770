"""`albert-tfx gateway`: what its options mean, and what it says while it runs."""

import logging
from pathlib import Path

from schemas.errors import UserError
from serving.gateway import redaction
from serving.gateway.request_log import LogSettings
from serving.gateway.settings import GatewaySettings


def log_settings(
    folder: Path | None, percent: float, *, keep_text: bool, redact: str | None
) -> LogSettings | None:
    """Returns the settings of the request log; None where nothing is logged.

    Raises:
      UserError: If the options do not go together, or there is no such function.
    """
    if redact and not keep_text:
        raise UserError("--redact changes texts that are kept: give --keep-text too")
    if folder is None:
        if keep_text:
            raise UserError("--keep-text is about the request log: give --log-dir too")
        return None
    if redact:
        return LogSettings(folder, percent, redaction.load_redaction(redact))
    kept = redaction.keep_text if keep_text else redaction.remove_text()
    return LogSettings(folder, percent, kept)


def serve_gateway(settings: GatewaySettings) -> None:
    """Runs the gateway until SIGTERM, logging to stderr.

    Raises:
      UserError: If a port is taken, or a file cannot be read or written.
    """
    from serving.gateway.server import run_gateway

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for every request

    def started(port: int | None, rest_port: int) -> None:
        log = logging.getLogger(__name__)
        if port is not None:
            log.info("gRPC on %s:%d", settings.host, port)
        log.info("REST and metrics on %s:%d", settings.host, rest_port)

    run_gateway(settings, started)
