"""Messages that the library makes at run time from a serialized descriptor, so no type is known."""

from typing import Any

def __getattr__(name: str) -> Any: ...
