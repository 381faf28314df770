"""Opens ML Metadata where the config keeps it, before a run starts.

ML Metadata can write to PostgreSQL too, but with release 1.16 a run on it failed: an SQL syntax
error where the message of a failed step was stored, and a cached step whose output was not found.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ml_metadata import MetadataStore
from ml_metadata.errors import StatusError
from ml_metadata.proto import metadata_store_pb2

from pipeline.config import RunConfig
from pipeline.metadata_config import MetadataConfig
from schemas.errors import UserError

FILE: Final = "metadata.sqlite"

_CONNECT_SECONDS: Final = 10.0


def metadata_connection(
    config: RunConfig, environment: Mapping[str, str]
) -> metadata_store_pb2.ConnectionConfig:
    """Returns how ML Metadata is reached, after it was.

    Args:
      config: Its section `metadata` says which database.
      environment: Holds the password of a server.

    Raises:
      UserError: If the password is missing, or the database cannot be reached or used.
    """
    section = config.metadata
    if section.backend == "sqlite":
        return _file_connection(Path(section.file or config.output_dir / FILE))
    password = environment.get(section.password_variable)
    if password is None:
        raise UserError(
            f"metadata: the environment variable {section.password_variable} must hold the "
            f"password of {section.user}; received none; export it (empty where there is none)"
        )
    connection = _server_connection(section, password)
    _check_server(section, connection)
    return connection


def _file_connection(path: Path) -> metadata_store_pb2.ConnectionConfig:
    try:
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"metadata.file: the folder of {path} cannot be made ({error.strerror}); "
            "name another file"
        ) from error
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(path.absolute())
    connection.sqlite.connection_mode = (
        metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    )
    return connection


def _server_connection(
    section: MetadataConfig, password: str
) -> metadata_store_pb2.ConnectionConfig:
    return metadata_store_pb2.ConnectionConfig(
        mysql=metadata_store_pb2.MySQLDatabaseConfig(
            host=section.host,
            port=section.server_port,
            database=section.database,
            user=section.user,
            password=password,
        )
    )


def _check_server(section: MetadataConfig, connection: metadata_store_pb2.ConnectionConfig) -> None:
    """Connects once: TFX would try again and again, and fail in the middle of a step."""
    place = f"{section.backend} at {section.host}:{section.server_port}"
    try:
        # ML Metadata waits for minutes for a host that does not answer.
        address = (section.host, section.server_port)
        socket.create_connection(address, timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise UserError(
            f"metadata: {place} cannot be reached ({error}); "
            "check metadata.host and metadata.port, and whether the server runs"
        ) from error
    try:
        MetadataStore(connection).get_context_types()
    except (RuntimeError, StatusError) as error:
        raise UserError(
            f"metadata: {place} cannot be used by {section.user} for the database "
            f"{section.database} ({_first_line(error)}); check metadata.user, the password in "
            f"{section.password_variable}, and that the user may make tables there"
        ) from error


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).strip().splitlines() if line.strip()), "")
