"""A server of Vertex AI's job service, over gRPC, whose machines are processes of this one."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.cloud.aiplatform_v1 import types
from google.cloud.aiplatform_v1.services.job_service import JobServiceClient
from google.cloud.aiplatform_v1.services.job_service.transports import JobServiceGrpcTransport
from google.protobuf import empty_pb2

from tests.kubeflow.vertex_api import handler

State = types.JobState

_STEP = """
import sys
from kubeflow.step import run_step
run_step(sys.argv[5:], root=sys.argv[1])  # after root, python, -m and the module
"""


class JobApi:
    """The jobs of a region.

    Attributes:
      jobs: Every job that was created, by name.
      cancelled: Names of those that were cancelled.
      ends_as: How a job ends that has no machines.
      fails_with: How the next looks at a job fail, one after the other.
      refuses_with: How a new job is refused.
      root: Folder for the buckets of the machines; None: there are no machines.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.jobs: dict[str, types.CustomJob] = {}
        self.cancelled: list[str] = []
        self.ends_as: types.JobState = State.JOB_STATE_SUCCEEDED
        self.fails_with: list[grpc.StatusCode] = []
        self.refuses_with: grpc.StatusCode | None = None
        self.root = root
        self._machines: dict[str, list[subprocess.Popen]] = {}

    def create_custom_job(self, request, context):
        if self.refuses_with:
            context.abort(self.refuses_with, "the service says so")
        made = types.CustomJob(request.custom_job)
        made.name = f"{request.parent}/customJobs/{len(self.jobs) + 1}"
        made.state = State.JOB_STATE_PENDING
        self.jobs[made.name] = made
        if self.root is not None:
            self._machines[made.name] = list(self._started(made))
        return made

    def get_custom_job(self, request, context):
        if self.fails_with:
            context.abort(self.fails_with.pop(0), "the service says so")
        job = self.jobs[request.name]
        codes = [machine.poll() for machine in self._machines.get(request.name, [])]
        if any(codes):  # with one machine the job fails, and so do the others
            self.stop_machines()
        elif None in codes:
            job.state = State.JOB_STATE_RUNNING
            return job
        job.state = State.JOB_STATE_FAILED if any(codes) else self.ends_as
        if job.state == State.JOB_STATE_FAILED:
            job.error = {"message": f"the replicas exited with {codes}"}
        return job

    def cancel_custom_job(self, request, context):
        self.cancelled.append(request.name)
        return empty_pb2.Empty()

    def stop_machines(self):
        """Ends the processes that are still running."""
        for machines in self._machines.values():
            for machine in machines:
                machine.kill()
                machine.wait()

    def _started(self, job: types.CustomJob) -> Iterator[subprocess.Popen]:
        """Starts a process a replica, told of the others as Vertex does."""
        pools = job.job_spec.worker_pool_specs
        addresses = [[f"127.0.0.1:{_free_port()}" for _ in range(p.replica_count)] for p in pools]
        kinds = ("chief", "worker")[: len(pools)]
        cluster = dict(zip(kinds, addresses, strict=True))
        for kind, pool in zip(kinds, pools, strict=True):
            for index in range(pool.replica_count):
                task = {"type": kind, "index": index}
                environ = {
                    **os.environ,
                    "TF_CONFIG": json.dumps({"cluster": cluster, "task": task}),
                }
                command = [
                    sys.executable,
                    "-c",
                    _STEP,
                    str(self.root),
                    *pool.container_spec.command,
                ]
                with (self.root / f"{kind}-{index}.log").open("wb") as log:
                    yield subprocess.Popen(
                        command,
                        cwd=Path(__file__).parents[2],
                        env=environ,
                        stdout=log,
                        stderr=log,
                    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serve_jobs(root: Path | None = None) -> Iterator[tuple[JobApi, Any]]:
    """Yields an API and the real client, connected to it."""
    api = JobApi(root)
    methods = {
        "CreateCustomJob": handler(
            api.create_custom_job, types.CreateCustomJobRequest, types.CustomJob
        ),
        "GetCustomJob": handler(api.get_custom_job, types.GetCustomJobRequest, types.CustomJob),
        "CancelCustomJob": handler(
            api.cancel_custom_job, types.CancelCustomJobRequest, empty_pb2.Empty
        ),
    }
    server = grpc.server(ThreadPoolExecutor(2))
    name = "google.cloud.aiplatform.v1.JobService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield api, JobServiceClient(transport=JobServiceGrpcTransport(channel=channel))
    finally:
        api.stop_machines()
        server.stop(None).wait()
