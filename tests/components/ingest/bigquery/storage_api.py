"""A server of BigQuery's Storage Read API over gRPC: sessions, and streams of Avro rows."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.cloud.bigquery_storage_v1 import types

from tests.components.ingest.bigquery.rest_api import BigQueryApi

_SERVICE = "google.cloud.bigquery.storage.v1.BigQueryRead"
_ROWS_A_MESSAGE = 7


class StorageApi:
    """Reads the tables of a `BigQueryApi`, each in as many streams as it is told."""

    def __init__(self, api: BigQueryApi) -> None:
        self.api = api
        self.num_streams = 3
        self.first_stream = 0
        self.sessions: list[Any] = []
        self.refuse_with: tuple[grpc.StatusCode, str] | None = None

    def create_read_session(self, request, context):
        if self.refuse_with is not None:
            context.abort(*self.refuse_with)
        self.sessions.append(request)
        _, project, _, dataset, _, table = request.read_session.table.split("/")
        found = self.api.tables[f"{dataset}.{table}"]
        return types.ReadSession(
            name=f"projects/{project}/locations/eu/sessions/{len(self.sessions)}",
            table=request.read_session.table,
            data_format=types.DataFormat.AVRO,
            avro_schema=types.AvroSchema(schema=json.dumps(found.avro_schema)),
            streams=[
                types.ReadStream(name=f"{dataset}/{table}/{number}")
                for number in range(self.num_streams)
            ],
        )

    def read_rows(self, request, context):
        dataset, table, number = request.read_stream.split("/")
        found = self.api.tables[f"{dataset}.{table}"]
        # Which rows come in which stream, and in which order, is BigQuery's own affair.
        rows = found.rows[(int(number) + self.first_stream) % self.num_streams :: self.num_streams]
        rows = rows[request.offset :]
        for start in range(0, len(rows), _ROWS_A_MESSAGE):
            part = rows[start : start + _ROWS_A_MESSAGE]
            yield types.ReadRowsResponse(
                avro_rows=types.AvroRows(serialized_binary_rows=found.avro_rows(part)),
                avro_schema=types.AvroSchema(schema=json.dumps(found.avro_schema)),
                row_count=len(part),
            )


@contextmanager
def serve_storage(storage: StorageApi) -> Iterator[str]:
    """Yields the address of a server of `storage`."""
    handlers = {
        "CreateReadSession": grpc.unary_unary_rpc_method_handler(
            storage.create_read_session,
            types.CreateReadSessionRequest.deserialize,
            types.ReadSession.serialize,
        ),
        "ReadRows": grpc.unary_stream_rpc_method_handler(
            storage.read_rows,
            types.ReadRowsRequest.deserialize,
            types.ReadRowsResponse.serialize,
        ),
    }
    server = grpc.server(ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(_SERVICE, handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
