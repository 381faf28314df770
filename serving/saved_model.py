"""A SavedModel loaded as TensorFlow Serving loads it, answering what a server would answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from schemas.errors import AlbertTfxError
from schemas.features import SERVING_DEFAULT
from schemas.model_info import ModelInfo, read_model_info
from serving.served_graph import graph_problems
from serving.versions import SAVED_MODEL_FILE

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf


_INTERNAL_PREFIX = "__"
"""Start of the names of signatures that no request is meant for."""


class ModelLoadError(AlbertTfxError):
    """A SavedModel that a server could not load, or could load and not run."""


class InvalidRequestError(AlbertTfxError):
    """A request that a server would refuse: wrong signature, inputs or dtype, or a failing op."""


class LoadedModel:
    """A SavedModel in a session of its own.

    The session is a v1 one, as in TensorFlow Serving: it does not hold requests to the signature's
    static shapes, which `tf.saved_model.load(...).signatures` would. Dtypes are checked before it
    runs, because Python's session casts where the server refuses.

    Attributes:
      info: What the model says of itself; None where another tool exported it.
    """

    def __init__(
        self, session: tf.compat.v1.Session, signatures: Mapping[str, Any], info: ModelInfo | None
    ) -> None:
        """Takes what `load` made.

        Args:
          session: Holds the initialised graph.
          signatures: SignatureDef protos by name, that of the initialisation included.
          info: The record in the SavedModel.
        """
        self._session = session
        self._signature_defs = signatures
        self._signatures = {
            name: signature
            for name, signature in signatures.items()
            if not name.startswith(_INTERNAL_PREFIX)
        }
        self.info = info

    @classmethod
    def load(
        cls, model_dir: Path, *, session_config: tf.compat.v1.ConfigProto | None = None
    ) -> Self:
        """Loads the SavedModel in `model_dir`.

        Args:
          model_dir: Folder of the SavedModel.
          session_config: Parallelism and devices of its session; unset: TensorFlow's defaults.

        Raises:
          ModelLoadError: If a stock server could not load it, or could not run its graph.
        """
        import tensorflow as tf
        import tensorflow_text  # noqa: F401 - registers the ops of the tokenizer
        from google.protobuf.message import DecodeError

        try:
            problems = graph_problems(model_dir)
        except (OSError, DecodeError) as error:
            raise ModelLoadError(
                f"{model_dir} holds no readable {SAVED_MODEL_FILE}; {error}"
            ) from error
        if problems:
            raise ModelLoadError(f"{model_dir} cannot be served: {'; '.join(problems)}")
        graph = tf.Graph()
        session = tf.compat.v1.Session(graph=graph, config=session_config)
        try:
            with graph.as_default():
                meta_graph = tf.compat.v1.saved_model.load(
                    session, [tf.saved_model.SERVING], str(model_dir)
                )
        except (tf.errors.OpError, OSError, RuntimeError, ValueError) as error:
            session.close()
            raise ModelLoadError(f"{model_dir} cannot be loaded; {error}") from error
        return cls(session, dict(meta_graph.signature_def), read_model_info(model_dir))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Frees the session; the model answers no more."""
        self._session.close()

    @property
    def session(self) -> tf.compat.v1.Session:
        """The session, for a caller with checks of its own."""
        return self._session

    @property
    def signature_defs(self) -> Mapping[str, Any]:
        """Every SignatureDef by name, `__saved_model_init_op` included."""
        return self._signature_defs

    @property
    def signature_names(self) -> tuple[str, ...]:
        """The names of the signatures, in alphabetical order."""
        return tuple(sorted(self._signatures))

    def inputs(self, signature: str = SERVING_DEFAULT) -> dict[str, tf.TensorSpec]:
        """Returns shape and dtype of the inputs of `signature` by name."""
        return _specs(self._signature(signature).inputs)

    def outputs(self, signature: str = SERVING_DEFAULT) -> dict[str, tf.TensorSpec]:
        """Returns shape and dtype of the outputs of `signature` by name."""
        return _specs(self._signature(signature).outputs)

    def run(
        self, inputs: Mapping[str, Any], signature: str = SERVING_DEFAULT
    ) -> dict[str, np.ndarray]:
        """Answers one request.

        Args:
          inputs: Value of each input of the signature; texts as str or bytes.
          signature: Name of the signature.

        Returns:
          The value of each output; texts as bytes.

        Raises:
          InvalidRequestError: If a server would refuse the request.
        """
        import tensorflow as tf

        definition = self._signature(signature)
        if inputs.keys() != definition.inputs.keys():
            raise InvalidRequestError(
                f"signature {signature} takes the inputs {', '.join(sorted(definition.inputs))}; "
                f"received {', '.join(sorted(inputs)) or 'none'}"
            )
        feeds = {
            definition.inputs[name].name: _as_array(name, value, definition.inputs[name])
            for name, value in inputs.items()
        }
        fetches = {name: info.name for name, info in definition.outputs.items()}
        try:
            return self._session.run(fetches, feeds)
        except (tf.errors.OpError, ValueError) as error:
            raise InvalidRequestError(f"signature {signature} failed; {error}") from error

    def _signature(self, name: str) -> Any:
        if name not in self._signatures:
            raise InvalidRequestError(
                f"the model has the signatures {', '.join(self.signature_names)}; received {name!r}"
            )
        return self._signatures[name]


def _specs(infos: Mapping[str, Any]) -> dict[str, tf.TensorSpec]:
    import tensorflow as tf

    return {
        name: tf.TensorSpec(tf.TensorShape(info.tensor_shape), tf.as_dtype(info.dtype), name)
        for name, info in infos.items()
    }


def _as_array(name: str, value: Any, info: Any) -> np.ndarray:
    """Returns `value` as an array of exactly the dtype of the input, without a cast.

    Texts become an object array of bytes: numpy's own string types cut trailing NULs, and take as
    much room for every text as for the longest.
    """
    import numpy as np
    import tensorflow as tf

    wanted = tf.as_dtype(info.dtype)
    items = np.asarray(value, dtype=object)
    is_text = bool(items.size) and all(isinstance(item, str | bytes) for item in items.flat)
    if wanted == tf.string and (is_text or not items.size):
        encoded = np.empty(items.size, dtype=object)
        encoded[:] = [item.encode() if isinstance(item, str) else item for item in items.flat]
        return encoded.reshape(items.shape)
    array = items if is_text else np.asarray(value)
    if wanted == tf.string or array.dtype != wanted.as_numpy_dtype:
        received = "string" if is_text else array.dtype.name
        raise InvalidRequestError(f"input {name} must be {wanted.name}; received {received}")
    return array
