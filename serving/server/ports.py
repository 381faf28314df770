"""TCP ports: taken for good, or found taken before anything slow is begun."""

from __future__ import annotations

import socket

from schemas.errors import UserError

_BACKLOG = 2048


def listen(host: str, port: int, flag: str) -> socket.socket:
    """Returns a socket that listens.

    Args:
      host: Address of an interface.
      port: Number of the port.
      flag: The flag that chose it, for the error.

    Raises:
      UserError: If it is taken, or `host` is no address of this machine.
    """
    bound = _bind(host, port, flag)
    bound.listen(_BACKLOG)
    return bound


def require_free(host: str, port: int, flag: str) -> None:
    """Checks that a port could be had; 0 is none. Raises as `listen`."""
    if port:
        _bind(host, port, flag).close()


def taken(address: str, flag: str) -> UserError:
    """Returns the error of an address that cannot be listened on."""
    return UserError(
        f"{flag}: cannot listen on {address}; it is in use, or no address of this machine; "
        f"stop what listens there, or choose another {flag}"
    )


def _bind(host: str, port: int, flag: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off, 40 ms an answer, only where the protocol is spelled out.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise taken(f"{host}:{port}", flag) from error
    return bound
