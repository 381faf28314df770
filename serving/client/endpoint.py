"""Where a server is and how it is spoken to: address, protocol, TLS, token."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from schemas.errors import UserError

_DEFAULT_PORTS: Final = {"grpc": 8500, "grpcs": 8500, "http": 8501, "https": 8501}


@dataclass(frozen=True)
class Tls:
    """Certificates of a TLS connection, PEM files.

    Attributes:
      ca_file: Whom to trust; None: the usual authorities.
      cert_file: The client's own certificate; None: none is shown.
      key_file: Its key; given with `cert_file`.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def __post_init__(self) -> None:
        if (self.cert_file is None) != (self.key_file is None):
            raise UserError("a client certificate needs both cert_file and key_file")

    def read(self, name: str) -> bytes | None:
        """Returns the content of the file of the field `name`; None where it is not given.

        Raises:
          UserError: If it cannot be read.
        """
        path: Path | None = getattr(self, name)
        try:
            return None if path is None else path.read_bytes()
        except OSError as error:
            raise UserError(f"{name} {path} cannot be read: {error.strerror}") from error


@dataclass(frozen=True)
class Endpoint:
    """A server.

    Attributes:
      scheme: grpc, grpcs, http or https.
      host: Name or address, an IPv6 address in brackets.
      port: Port.
      token: Bearer token sent with every call; None: none.
      tls: Certificates, used with grpcs and https.
    """

    scheme: str
    host: str
    port: int
    token: str | None = field(default=None, repr=False)
    tls: Tls = Tls()

    @classmethod
    def parse(cls, url: str, *, token: str | None = None, tls: Tls | None = None) -> Endpoint:
        """Returns the server at `url`.

        >>> Endpoint.parse("grpc://localhost").address
        'localhost:8500'

        Raises:
          UserError: If `url` is not of the form `grpc://HOST:PORT`, or certificates are given for a
            connection without TLS.
        """
        parts = urlsplit(url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise UserError(
                f"a server's URL has a port from 1 to 65535; received {url!r}"
            ) from error
        extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username
        if parts.scheme not in _DEFAULT_PORTS or not host or extra:
            raise UserError(
                "a server's URL is grpc://HOST:PORT, http://HOST:PORT, or grpcs:// or https:// "
                f"with TLS; received {url!r}"
            )
        endpoint = cls(
            parts.scheme,
            f"[{host}]" if ":" in host else host,
            port or _DEFAULT_PORTS[parts.scheme],
            token,
            tls or Tls(),
        )
        if tls is not None and not endpoint.is_secure:
            raise UserError(f"certificates need grpcs:// or https://; received {url!r}")
        return endpoint

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.address}"

    @property
    def is_grpc(self) -> bool:
        """Whether gRPC is spoken."""
        return self.scheme.startswith("grpc")

    @property
    def is_secure(self) -> bool:
        """Whether the connection has TLS."""
        return self.scheme.endswith("s")

    @property
    def headers(self) -> dict[str, str]:
        """Headers, or gRPC metadata, of every call."""
        return {"authorization": f"Bearer {self.token}"} if self.token else {}
