"""A server of Vertex AI's pipeline and schedule services, over gRPC, with Google's own messages."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import grpc
from google.cloud.aiplatform_v1 import types
from google.cloud.aiplatform_v1.services.pipeline_service import PipelineServiceClient
from google.cloud.aiplatform_v1.services.pipeline_service.transports import (
    PipelineServiceGrpcTransport,
)
from google.cloud.aiplatform_v1.services.schedule_service import ScheduleServiceClient
from google.cloud.aiplatform_v1.services.schedule_service.transports import (
    ScheduleServiceGrpcTransport,
)
from google.longrunning import operations_pb2
from google.protobuf import any_pb2, empty_pb2

from kubeflow.vertex import Services

State = types.Schedule.State


class VertexApi:
    """What a region of Vertex AI holds, and every request that it was sent."""

    accelerators = ("NVIDIA_TESLA_T4",)

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.schedules: dict[str, types.Schedule] = {}
        self.refuse_with: grpc.StatusCode | None = None

    def create_pipeline_job(self, request, context):
        self._take(request, context)
        executors = request.pipeline_job.pipeline_spec["deploymentSpec"]["executors"]
        for executor in executors.values():
            asked = executor["container"].get("resources", {}).get("accelerator", {}).get("type")
            if asked is not None and asked not in self.accelerators:
                message = f"{asked} is not supported in region {request.parent.split('/')[-1]}"
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, message)
        name = f"{request.parent}/pipelineJobs/{request.pipeline_job_id}"
        return types.PipelineJob(name=name)

    def create_schedule(self, request, context):
        self._take(request, context)
        name = f"{request.parent}/schedules/{len(self.requests)}"
        made = types.Schedule(request.schedule)
        made.name, made.state = name, State.ACTIVE
        made.next_run_time = datetime(2027, 1, 4, 4, 30, tzinfo=timezone.utc)
        self.schedules[name] = made
        return made

    def list_schedules(self, request, context):
        self._take(request, context)
        # A page each, so that a client that reads one page is found out.
        names = list(self.schedules)
        place = int(request.page_token or 0)
        following = str(place + 1) if place + 1 < len(names) else ""
        page = [self.schedules[name] for name in names[place : place + 1]]
        return types.ListSchedulesResponse(schedules=page, next_page_token=following)

    def pause_schedule(self, request, context):
        self._take(request, context)
        self.schedules[request.name].state = State.PAUSED
        return empty_pb2.Empty()

    def resume_schedule(self, request, context):
        self._take(request, context)
        self.schedules[request.name].state = State.ACTIVE
        return empty_pb2.Empty()

    def delete_schedule(self, request, context):
        self._take(request, context)
        del self.schedules[request.name]
        response = any_pb2.Any()
        response.Pack(empty_pb2.Empty())
        return operations_pb2.Operation(name="operations/1", done=True, response=response)

    def last(self, kind: type) -> Any:
        """Returns the last request of a kind."""
        return next(request for request in reversed(self.requests) if isinstance(request, kind))

    def _take(self, request, context):
        self.requests.append(request)
        if self.refuse_with is not None:
            context.abort(self.refuse_with, "the service says so")


def handler(method, request_type, response_type):
    encode = getattr(response_type, "serialize", None) or response_type.SerializeToString
    return grpc.unary_unary_rpc_method_handler(
        method, request_deserializer=request_type.deserialize, response_serializer=encode
    )


@contextmanager
def serve_vertex() -> Iterator[tuple[VertexApi, Services]]:
    """Yields an API and the real clients, connected to it."""
    api = VertexApi()
    empty = empty_pb2.Empty
    pipelines = {
        "CreatePipelineJob": handler(
            api.create_pipeline_job, types.CreatePipelineJobRequest, types.PipelineJob
        )
    }
    schedules = {
        "CreateSchedule": handler(api.create_schedule, types.CreateScheduleRequest, types.Schedule),
        "ListSchedules": handler(
            api.list_schedules, types.ListSchedulesRequest, types.ListSchedulesResponse
        ),
        "PauseSchedule": handler(api.pause_schedule, types.PauseScheduleRequest, empty),
        "ResumeSchedule": handler(api.resume_schedule, types.ResumeScheduleRequest, empty),
        "DeleteSchedule": handler(
            api.delete_schedule, types.DeleteScheduleRequest, operations_pb2.Operation
        ),
    }
    server = grpc.server(ThreadPoolExecutor(2))
    prefix = "google.cloud.aiplatform.v1"
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(f"{prefix}.PipelineService", pipelines),
            grpc.method_handlers_generic_handler(f"{prefix}.ScheduleService", schedules),
        )
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield (
            api,
            Services(
                PipelineServiceClient(transport=PipelineServiceGrpcTransport(channel=channel)),
                ScheduleServiceClient(transport=ScheduleServiceGrpcTransport(channel=channel)),
            ),
        )
    server.stop(None).wait()
