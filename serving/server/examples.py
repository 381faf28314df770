"""The tf.Examples of Classify and Regress requests, as the tensor that a graph parses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serving.server.errors import invalid_argument

if TYPE_CHECKING:
    import numpy as np


def serialized_examples(request_input: Any) -> np.ndarray:
    """Returns the examples of an Input proto.

    Args:
      request_input: An `Input`; a context is merged into each example, as protos merge: what the
        example says of a feature wins.

    Returns:
      Serialized tf.Examples, `(batch,)`, bytes.

    Raises:
      StatusError: INVALID_ARGUMENT, if there is none.
    """
    import numpy as np

    kind = request_input.WhichOneof("kind")
    if kind == "example_list_with_context":
        listed = request_input.example_list_with_context
        context = listed.context.SerializeToString()
    else:
        listed, context = request_input.example_list, b""
    if not listed.examples:
        raise invalid_argument("Input is empty.")
    array = np.empty(len(listed.examples), dtype=object)
    # Two serialized protos, one after the other, are the serialized merger of both.
    array[:] = [context + example.SerializeToString() for example in listed.examples]
    return array
