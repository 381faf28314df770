"""The configuration files of the server, text protos in the real server's own messages.

Two of the messages, BatchingParameters and MonitoringConfig, are not in tensorflow-serving-api.
They are declared here, field by field, with the numbers of session_bundle_config.proto and
monitoring_config.proto.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from schemas.errors import UserError

_PACKAGE: Final = "tensorflow.serving"
_INT64_VALUE: Final = ".google.protobuf.Int64Value"
_STRING_VALUE: Final = ".google.protobuf.StringValue"

_Field = tuple[str, int, str, bool]
"""Name, number, type (a scalar's name, or a message's with a leading dot), and if it repeats."""

_MESSAGES: Final[dict[str, tuple[_Field, ...]]] = {
    "BatchingParameters": (
        ("max_batch_size", 1, _INT64_VALUE, False),
        ("batch_timeout_micros", 2, _INT64_VALUE, False),
        ("max_enqueued_batches", 3, _INT64_VALUE, False),
        ("num_batch_threads", 4, _INT64_VALUE, False),
        ("thread_pool_name", 5, _STRING_VALUE, False),
        ("allowed_batch_sizes", 6, "int64", True),
        ("pad_variable_length_inputs", 7, "bool", False),
    ),
    "PrometheusConfig": (("enable", 1, "bool", False), ("path", 2, "string", False)),
    "MonitoringConfig": (
        ("prometheus_config", 1, f".{_PACKAGE}.PrometheusConfig", False),
    ),
}  # fmt: skip


def read_model_server_config(path: Path) -> Any:
    """Reads a ModelServerConfig.

    Raises:
      UserError: If the file cannot be read, or is no such text proto.
    """
    from tensorflow_serving.config import model_server_config_pb2

    return _read(path, model_server_config_pb2.ModelServerConfig(), "--model_config_file")


def read_batching_parameters(path: Path) -> Any:
    """Reads a BatchingParameters; raises UserError as `read_model_server_config`."""
    return _read(path, new_batching_parameters(), "--batching_parameters_file")


def read_monitoring_config(path: Path) -> Any:
    """Reads a MonitoringConfig; raises UserError as `read_model_server_config`."""
    return _read(path, new_monitoring_config(), "--monitoring_config_file")


def new_batching_parameters() -> Any:
    """Returns an empty BatchingParameters."""
    return _message("BatchingParameters")


def new_monitoring_config() -> Any:
    """Returns an empty MonitoringConfig."""
    return _message("MonitoringConfig")


def _read(path: Path, message: Any, flag: str) -> Any:
    from google.protobuf import text_format

    kind = message.DESCRIPTOR.name
    try:
        return text_format.Parse(path.read_text("utf-8"), message)
    except OSError as error:
        raise UserError(f"{flag} {path} cannot be read; {error.strerror}") from error
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise UserError(f"{flag} {path} must be a text proto {kind}; {error}") from error


def _message(name: str) -> Any:
    """Returns a new, empty message of `_MESSAGES`."""
    from google.protobuf import message_factory

    descriptor = _pool().FindMessageTypeByName(f"{_PACKAGE}.{name}")
    factory: Any = message_factory
    if hasattr(factory, "GetMessageClass"):  # protobuf 4.22 and later
        return factory.GetMessageClass(descriptor)()
    return factory.MessageFactory(_pool()).GetPrototype(descriptor)()


@cache
def _pool() -> Any:
    """Returns a pool of its own, so that a protobuf of the same name elsewhere does no harm."""
    from google.protobuf import descriptor_pb2, descriptor_pool, wrappers_pb2

    pool = descriptor_pool.DescriptorPool()
    wrappers = descriptor_pb2.FileDescriptorProto()
    wrappers_pb2.DESCRIPTOR.CopyToProto(wrappers)
    pool.Add(wrappers)
    file = descriptor_pb2.FileDescriptorProto(
        name="serving/server_config.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[wrappers.name],
    )
    for name, declared in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for declaration in declared:
            _add_field(message, declaration)
    pool.Add(file)
    return pool


def _add_field(message: Any, declaration: _Field) -> None:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto

    name, number, kind, is_repeated = declaration
    label = "LABEL_REPEATED" if is_repeated else "LABEL_OPTIONAL"
    added = message.field.add(name=name, number=number, label=getattr(FieldDescriptorProto, label))
    if kind.startswith("."):
        added.type = FieldDescriptorProto.TYPE_MESSAGE
        added.type_name = kind
    else:
        added.type = getattr(FieldDescriptorProto, f"TYPE_{kind.upper()}")
