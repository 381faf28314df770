"""The settings of the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UserError
from serving.client.endpoint import Endpoint
from serving.gateway.request_log import LogSettings


@dataclass(frozen=True)
class GatewaySettings:
    """What the gateway stands in front of, and where it listens.

    Attributes:
      upstream: The server's gRPC port, grpc://HOST:PORT; None: no gRPC.
      rest_upstream: The server's REST port, http://HOST:PORT; None: no REST but metrics.
      model_base: Folder of the versions, whose release says where requests go; None: all go on as
        they came.
      host: Address that is listened on.
      port: gRPC port; 0: a free one.
      rest_port: REST and metrics port; 0: a free one.
      token: Bearer token that requests must bring; None: none.
      cert_file: Certificate (PEM) of TLS; None: no TLS.
      key_file: Its key.
      log: The request log; None: none.
      compare_percent: Share of the canary's answers that the live version is asked for too.
      timeout: Seconds for a request whose client sets no deadline.
      max_body_bytes: Largest body over REST.
      grace_seconds: Time to finish what is in progress after SIGTERM.
    """

    upstream: str | None
    rest_upstream: str | None = None
    model_base: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8600
    rest_port: int = 8601
    token: str | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    log: LogSettings | None = None
    compare_percent: float = 10.0
    timeout: float = 60.0
    max_body_bytes: int = 64 << 20
    grace_seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.upstream is None and self.rest_upstream is None:
            raise UserError("a gateway needs a server behind: --upstream grpc://HOST:PORT, or REST")
        for name, url, is_grpc in (
            ("--upstream", self.upstream, True),
            ("--rest-upstream", self.rest_upstream, False),
        ):
            if url is not None:
                endpoint = Endpoint.parse(url)
                if endpoint.is_grpc != is_grpc or endpoint.is_secure:
                    scheme = "grpc" if is_grpc else "http"
                    raise UserError(f"{name} is {scheme}://HOST:PORT; received {url!r}")
        if (self.cert_file is None) != (self.key_file is None):
            raise UserError("TLS needs both --cert-file and --key-file")
