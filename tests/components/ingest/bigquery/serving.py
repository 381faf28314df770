"""BigQuery on this machine: its REST and gRPC APIs, credentials, and the way there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.components.ingest.bigquery.rest_api import BigQueryApi
from tests.components.ingest.bigquery.storage_api import StorageApi, serve_storage
from tests.kubeflow.http_api import serve_json


@dataclass(frozen=True)
class Served:
    """The two APIs."""

    api: BigQueryApi
    storage: StorageApi


@contextmanager
def serve_bigquery(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Served]:
    """Serves both APIs, and sends Google's client and Beam's source there."""
    from apache_beam.internal.gcp import auth
    from apache_beam.io.gcp.internal.clients.bigquery import BigqueryV2
    from google.cloud.bigquery_storage_v1.services.big_query_read.transports import (
        BigQueryReadGrpcTransport,
    )
    from google.oauth2 import service_account

    api = BigQueryApi()
    storage = StorageApi(api)
    with serve_json(api) as url, serve_storage(storage) as address:
        key_file = folder / "key.json"
        key_file.write_text(json.dumps(_account(f"{url}/token")))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", url)
        monkeypatch.setattr(BigqueryV2, "BASE_URL", f"{url}/bigquery/v2/")
        # It would ask the network, in the background, from where the account may be used.
        monkeypatch.setattr(
            service_account.Credentials,
            "_is_regional_access_boundary_lookup_required",
            lambda _: False,
        )
        monkeypatch.setattr(auth._Credentials, "_credentials_init", False)
        monkeypatch.setattr(
            BigQueryReadGrpcTransport,
            "create_channel",
            classmethod(lambda *_, **__: grpc.insecure_channel(address)),
        )
        yield Served(api, storage)


def _account(token_uri: str) -> dict[str, str]:
    """Returns a service account that exchanges its tokens at `token_uri`."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "project_id": "paying",
        "private_key_id": "1",
        "private_key": private_key.decode(),
        "client_email": "test@paying.iam.gserviceaccount.com",
        "token_uri": token_uri,
    }
