"""Who may ask: a bearer token, compared in constant time."""

from __future__ import annotations

import hmac


def is_allowed(token: str | None, authorization: str | None) -> bool:
    """Returns whether a request may pass.

    >>> is_allowed("secret", "Bearer secret"), is_allowed("secret", None), is_allowed(None, None)
    (True, False, True)

    Args:
      token: The token that is asked for; None: none is.
      authorization: The header that came; None: none came.
    """
    if token is None:
        return True
    scheme, _, given = (authorization or "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode())
