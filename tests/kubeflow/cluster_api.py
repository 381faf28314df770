"""A server of Kubeflow Pipelines' API v2beta1: experiments, runs and recurring runs, over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.kubeflow.http_api import serve_json

ROOT = "/apis/v2beta1"


class ClusterApi:
    """What a Kubeflow Pipelines holds, and every request that it was sent."""

    def __init__(self) -> None:
        self.host = ""
        self.requests: list[tuple[str, str, Any]] = []
        self.experiments: list[dict[str, Any]] = []
        self.recurring: dict[str, dict[str, Any]] = {}
        self.refuse_with: int | None = None

    def sent(self, method: str, path: str) -> Any:
        """Returns the body of the last request to `path`."""
        return next(body for m, p, body in reversed(self.requests) if (m, p) == (method, path))

    def answer(self, method: str, url: str, body: Any) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(url)
        path = parts.path.removeprefix(ROOT)
        self.requests.append((method, path, body))
        if self.refuse_with is not None and path != "/healthz":
            return self.refuse_with, {"code": 3, "message": "the service says so"}
        resource, _, rest = path.strip("/").partition("/")
        handler = getattr(self, f"_{method.lower()}_{resource}")
        return handler(rest, body, parse_qs(parts.query))

    def _get_healthz(self, rest, body, query):
        return 200, {"multi_user": False}

    def _get_experiments(self, rest, body, query):
        return 200, {"experiments": self.experiments}

    def _post_experiments(self, rest, body, query):
        made = body | {"experiment_id": f"experiment-{len(self.experiments)}"}
        self.experiments.append(made)
        return 200, made

    def _post_runs(self, rest, body, query):
        return 200, body | {"run_id": "run-0"}

    def _get_recurringruns(self, rest, body, query):
        # A page each, so that a client that reads one page is found out.
        place = int(query.get("page_token", ["0"])[0])
        page = list(self.recurring.values())[place : place + 1]
        following = {"next_page_token": str(place + 1)} if place + 1 < len(self.recurring) else {}
        return 200, {"recurringRuns": page, **following}

    def _post_recurringruns(self, rest, body, query):
        key, _, action = rest.partition(":")
        if action:
            self.recurring[key]["status"] = {"enable": "ENABLED", "disable": "DISABLED"}[action]
            return 200, {}
        key = f"recurring-{len(self.requests)}"
        made = body | {"recurring_run_id": key, "status": "ENABLED"}
        self.recurring[key] = made
        return 200, made

    def _delete_recurringruns(self, rest, body, query):
        del self.recurring[rest]
        return 200, {}


@contextmanager
def serve_cluster() -> Iterator[ClusterApi]:
    """Yields an API that answers at its `host`; skips where the SDK is missing."""
    pytest.importorskip("kfp.client", reason="the SDK of Kubeflow is missing: run make setup")
    api = ClusterApi()
    with serve_json(lambda request: api.answer(request.method, request.url, request.body)) as host:
        api.host = host
        yield api
