"""The flags of the server: the names and defaults of tensorflow_model_server, where they apply."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from schemas.errors import UserError

_TRUE = ("true", "t", "1", "yes")
_FALSE = ("false", "f", "0", "no")
_MAX_PORT = 65535


def default_num_threads() -> int:
    """Returns four times the cores that this process may use, as the real server does."""
    usable = getattr(os, "sched_getaffinity", None)
    return 4 * (len(usable(0)) if usable else os.cpu_count() or 1)


def _flag(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class ServerFlags:
    """What the server is told at start-up.

    Only `host` is not a flag of the real server, which listens on every interface.
    """

    host: str = _flag("127.0.0.1", "Interface to listen on; 0.0.0.0 is every one.")
    port: int = _flag(8500, "Port of gRPC; 0 turns it off.")
    rest_api_port: int = _flag(0, "Port of REST; 0 turns it off.")
    rest_api_num_threads: int = _flag(0, "Threads that answer REST; 0: four a core.")
    rest_api_timeout_in_ms: int = _flag(30000, "A REST request ends with 504 after this time.")
    grpc_max_threads: int = _flag(0, "Threads that answer gRPC; 0: four a core.")
    model_name: str = _flag("default", "Name of the one model in --model_base_path.")
    model_base_path: str = _flag("", "Folder of the versions of one model.")
    model_config_file: str = _flag("", "Text proto ModelServerConfig, instead of the two above.")
    model_config_file_poll_wait_seconds: int = _flag(
        0, "Read the file again this often; 0: at start-up only."
    )
    monitoring_config_file: str = _flag("", "Text proto MonitoringConfig: Prometheus metrics.")
    file_system_poll_wait_seconds: int = _flag(
        1, "Look for versions this often; 0: once, at start-up."
    )
    max_num_load_retries: int = _flag(5, "Times that a version that failed to load is retried.")
    load_retry_interval_micros: int = _flag(60_000_000, "Time between those.")
    enable_batching: bool = _flag(False, "Join the requests of many clients into batches.")
    batching_parameters_file: str = _flag("", "Text proto BatchingParameters.")
    allow_version_labels_for_unavailable_models: bool = _flag(
        False, "Let a new label name a version that is not loaded yet."
    )
    enable_model_warmup: bool = _flag(True, "Replay the requests in assets.extra at load.")
    enable_signature_method_name_check: bool = _flag(
        False, "Refuse Classify and Regress on signatures of another method_name."
    )
    tensorflow_intra_op_parallelism: int = _flag(0, "Threads inside an op; 0: a core each.")
    tensorflow_inter_op_parallelism: int = _flag(0, "Ops at the same time; 0: a core each.")

    def __post_init__(self) -> None:
        """Refuses what cannot be served, with every problem at once.

        Raises:
          UserError: Says each flag, what it must be and what it was.
        """
        problems = list(_problems(self))
        if problems:
            raise UserError("; ".join(problems))


def _problems(flags: ServerFlags) -> Sequence[str]:
    problems = []
    for name in ("port", "rest_api_port"):
        value = getattr(flags, name)
        if not 0 <= value <= _MAX_PORT:
            problems.append(f"--{name} must be between 0 and {_MAX_PORT}, received {value}")
    if flags.port == 0 and flags.rest_api_port == 0:
        problems.append("give --port or --rest_api_port: both are 0, so nothing would be served")
    elif flags.port == flags.rest_api_port:
        problems.append(f"--rest_api_port must differ from --port; both are {flags.port}")
    if bool(flags.model_base_path) == bool(flags.model_config_file):
        problems.append("give one of --model_base_path and --model_config_file")
    if flags.batching_parameters_file and not flags.enable_batching:
        problems.append("--batching_parameters_file needs --enable_batching")
    if flags.rest_api_timeout_in_ms <= 0:
        problems.append(
            f"--rest_api_timeout_in_ms must be above 0, received {flags.rest_api_timeout_in_ms}"
        )
    for name in (
        "rest_api_num_threads",
        "grpc_max_threads",
        "max_num_load_retries",
        "load_retry_interval_micros",
        "model_config_file_poll_wait_seconds",
        "file_system_poll_wait_seconds",
    ):
        value = getattr(flags, name)
        if value < 0:
            problems.append(f"--{name} must not be negative, received {value}")
    return problems


def parse_flags(arguments: Sequence[str], *, program: str = "albert-tfx serve") -> ServerFlags:
    """Reads a command line.

    Args:
      arguments: `--name=value` or `--name value`; a switch may stand alone.
      program: Name of the command in its help.

    Raises:
      UserError: If a value is out of range, or two flags contradict each other.
    """
    parsed = vars(parser(program).parse_args(arguments))
    if parsed["model_base_path"]:
        # The real server takes absolute paths only; a shell's user means its own folder.
        parsed["model_base_path"] = str(Path(parsed["model_base_path"]).expanduser().absolute())
    return ServerFlags(**parsed)


def parser(program: str) -> argparse.ArgumentParser:
    """Returns the parser of every flag."""
    made = argparse.ArgumentParser(
        prog=program,
        description="Serve SavedModels as TensorFlow Serving does, over gRPC and REST.",
        epilog="Flags have the names and defaults of tensorflow_model_server; --host is our own.",
        allow_abbrev=False,
    )
    for flag in fields(ServerFlags):
        default: Any = flag.default
        text = f"{flag.metadata['help']} [{default if default != '' else 'none'}]"
        if isinstance(default, bool):
            made.add_argument(
                f"--{flag.name}", nargs="?", const=True, default=default, type=_boolean, help=text,
                metavar="BOOL",
            )  # fmt: skip
        else:
            kind = type(default)
            metavar = "N" if kind is int else "TEXT"
            made.add_argument(
                f"--{flag.name}", default=default, type=kind, help=text, metavar=metavar
            )
    return made


def _boolean(text: str) -> bool:
    """Reads a switch.

    >>> _boolean("true"), _boolean("0")
    (True, False)
    """
    lowered = text.lower()
    if lowered not in _TRUE + _FALSE:
        raise argparse.ArgumentTypeError(f"must be true or false, received {text!r}")
    return lowered in _TRUE
