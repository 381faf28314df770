"""A server of BigQuery's REST API: jobs, datasets and tables, as its clients use them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.components.ingest.bigquery.tables import Table
from tests.kubeflow.http_api import Request

LOCATION = "EU"


@dataclass(frozen=True)
class Refusal(Exception):  # noqa: N818 - it is an answer
    """An error as the API answers it."""

    status: int
    reason: str
    message: str

    def body(self) -> dict[str, Any]:
        errors = [{"message": self.message, "domain": "global", "reason": self.reason}]
        return {"error": {"code": self.status, "message": self.message, "errors": errors}}


@dataclass
class BigQueryApi:
    """What a project holds: tables by `dataset.table`, results by query, and every request.

    The queries that are `endless` are never done.
    """

    tables: dict[str, Table] = field(default_factory=dict)
    results: dict[str, tuple[Table, tuple[str, ...]]] = field(default_factory=dict)
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    job_errors: dict[str, dict[str, str]] = field(default_factory=dict)
    endless: set[str] = field(default_factory=set)
    put_file: Callable[[str, bytes], None] | None = None

    def add(self, query: str, result: Table, *tables: str) -> None:
        """Answers a query with rows, which it reads from `tables`."""
        for name in tables:
            self.tables.setdefault(name, Table((), []))
        self.results[query] = (result, tables)

    def runs(self, query: str) -> int:
        """Returns how often a query was run, dry runs not counted."""
        return sum(
            job["configuration"].get("query", {}).get("query") == query
            and not job["configuration"].get("dryRun")
            for job in self.asked
        )

    def __call__(self, request: Request) -> tuple[Any, ...]:
        parts = urlsplit(request.url)
        if parts.path == "/token":
            return 200, {"access_token": "token", "expires_in": 3600, "token_type": "Bearer"}
        if request.headers.get("Authorization", request.headers.get("authorization")) is None:
            return 401, Refusal(401, "authError", "Login Required.").body()
        path = parts.path.removeprefix("/bigquery/v2/projects/")
        project, _, rest = path.partition("/")
        self.log.append((request.method, rest))
        try:
            return 200, self._answer(
                request.method, project, rest, request.body, parse_qs(parts.query)
            )
        except Refusal as refusal:
            return refusal.status, refusal.body()

    def _answer(self, method: str, project: str, rest: str, body: Any, asked: Any) -> Any:
        for pattern, refusal in self.refusals.items():
            if re.fullmatch(pattern, f"{method} {rest}"):
                raise refusal
        kind, *names = rest.split("/")
        if kind == "jobs":
            return self._insert(project, body) if method == "POST" else self.jobs[names[0]]
        if kind == "queries":
            return self._results(names[0])
        if kind == "datasets" and len(names) < 3:
            return self._dataset(method, project, names, body, asked)
        return self._table(method, f"{names[0]}.{names[2]}", project)

    def _insert(self, project: str, job: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(job)
        settings = job["configuration"]
        reference = {"location": LOCATION, **job.get("jobReference", {}), "projectId": project}
        reference.setdefault("jobId", f"job-{len(self.asked)}")
        done = {**job, "jobReference": reference, "status": {"state": "DONE"}, "id": "id"}
        if "query" in settings:
            self._run_query(done, settings, project)
        else:
            self._extract(settings["extract"])
        self.jobs[reference["jobId"]] = done
        return done

    def _run_query(self, job: dict[str, Any], settings: dict[str, Any], project: str) -> None:
        asked = settings["query"]
        text = asked["query"]
        if asked.get("useLegacySql"):
            raise Refusal(400, "invalidQuery", "legacy SQL")
        if text not in self.results:
            message = f"Syntax error: Unexpected keyword {text.split()[0]} at [1:1]"
            raise Refusal(400, "invalidQuery", message)
        result, names = self.results[text]
        for name in names:
            self._table("GET", name, project)
        references = [
            dict(
                zip(("projectId", "datasetId", "tableId"), [project, *name.split(".")], strict=True)
            )
            for name in names
        ]
        num_bytes = str(sum(self.tables[name].modified for name in names))
        job["statistics"] = {
            "totalBytesProcessed": num_bytes,
            "query": {
                "statementType": "SELECT" if text.startswith("SELECT") else text.split()[0],
                "referencedTables": references,
                "schema": {"fields": [column.as_rest() for column in result.columns]},
                "totalBytesProcessed": num_bytes,
            },
        }
        if settings.get("dryRun"):
            return
        if text in self.job_errors:
            job["status"]["errorResult"] = self.job_errors[text]
            return
        if text in self.endless:
            job["status"]["state"] = "RUNNING"
        if "destinationTable" in asked:
            place = asked["destinationTable"]
            if place["datasetId"] not in self.datasets:
                raise Refusal(404, "notFound", f"Not found: Dataset {place['datasetId']}")
            self.tables[f"{place['datasetId']}.{place['tableId']}"] = result
        else:
            name = f"anonymous.{job['jobReference']['jobId']}"
            self.tables[name] = result
            names = dict(zip(("datasetId", "tableId"), name.split("."), strict=True))
            job["configuration"] = {
                **settings,
                "query": {**asked, "destinationTable": {"projectId": project, **names}},
            }

    def _extract(self, settings: dict[str, Any]) -> None:
        place = settings["sourceTable"]
        assert settings["destinationFormat"] == "AVRO"
        (pattern,) = settings["destinationUris"]
        table = self.tables[f"{place['datasetId']}.{place['tableId']}"]
        assert self.put_file is not None
        self.put_file(pattern.replace("*.json", "000000000000.json"), table.avro_file())

    def _results(self, job_id: str) -> dict[str, Any]:
        if self.jobs[job_id]["status"]["state"] != "DONE":
            return {"jobComplete": False, "jobReference": self.jobs[job_id]["jobReference"]}
        place = self.jobs[job_id]["configuration"]["query"]["destinationTable"]
        table = self.tables[f"{place['datasetId']}.{place['tableId']}"]
        return {
            "jobComplete": True,
            "jobReference": self.jobs[job_id]["jobReference"],
            "schema": {"fields": [column.as_rest() for column in table.columns]},
            "rows": table.cells(),
            "totalRows": str(len(table.rows)),
        }

    def _dataset(self, method: str, project: str, names: Any, body: Any, asked: Any) -> Any:
        if method == "POST":
            name = body["datasetReference"]["datasetId"]
            self.datasets[name] = body
            return body
        if not names:
            wanted = dict(re.findall(r"labels\.(\S+?):(\S+)", asked.get("filter", [""])[0]))
            found = [d for d in self.datasets.values() if d.get("labels", {}) == wanted]
            return {"datasets": [{"datasetReference": d["datasetReference"]} for d in found]}
        if names[0] not in self.datasets:
            raise Refusal(404, "notFound", f"Not found: Dataset {project}:{names[0]}")
        if method == "DELETE":
            del self.datasets[names[0]]
            for table in [t for t in self.tables if t.startswith(f"{names[0]}.")]:
                del self.tables[table]
            return {}
        return self.datasets[names[0]]

    def _table(self, method: str, name: str, project: str) -> Any:
        if name not in self.tables:
            message = f"Not found: Table {project}:{name} was not found in location {LOCATION}"
            raise Refusal(404, "notFound", message)
        if method == "DELETE":
            del self.tables[name]
            return {}
        dataset, table = name.split(".")
        reference = {"projectId": project, "datasetId": dataset, "tableId": table}
        return {"tableReference": reference, **self.tables[name].as_rest()}
