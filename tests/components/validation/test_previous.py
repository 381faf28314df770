import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.types import standard_artifacts

from components.validation.component import DataGate
from components.validation.previous import GATE_TYPE, PreviousStatisticsStrategy, earlier

State = metadata_store_pb2.Execution


def artifact(number, span):
    made = standard_artifacts.ExampleStatistics()
    made.id, made.span = number, span
    return made


@pytest.mark.parametrize(
    ("present", "others", "expected"),
    [
        ((3, 3), [(1, 1), (2, 2), (3, 3)], [2, 1]),
        ((9, 3), [(1, 1), (2, 2), (8, 3), (9, 3)], [2, 1]),
        ((9, 2), [(1, 1), (2, 3), (9, 2)], [1]),
        ((1, 1), [(1, 1)], []),
        ((5, 0), [(3, 0), (4, 0), (5, 0), (6, 0)], [4, 3]),
    ],
)
def test_the_latest_of_an_earlier_span_or_run_comes_first(present, others, expected):
    found = earlier(artifact(*present), [artifact(*other) for other in others])
    assert [item.id for item in found] == expected


@pytest.fixture
def store():
    """A metadata store with spans 1 to 3 of statistics, each judged by a gate of a given end."""
    config = metadata_store_pb2.ConnectionConfig()
    config.fake_database.SetInParent()
    return mlmd.MetadataStore(config)


def record(store, span, state, key="statistics", gate=GATE_TYPE):
    """Records statistics of a span that went into an execution; returns the artifact."""
    made = artifact(0, span)
    type_id = store.put_artifact_type(
        metadata_store_pb2.ArtifactType(name=made.type_name, properties={"span": 1})
    )
    (number,) = store.put_artifacts([metadata_store_pb2.Artifact(type_id=type_id)])
    gate_id = store.put_execution_type(metadata_store_pb2.ExecutionType(name=gate))
    (execution,) = store.put_executions([State(type_id=gate_id, last_known_state=state)])
    event = metadata_store_pb2.Event(
        artifact_id=number, execution_id=execution, type=metadata_store_pb2.Event.INPUT
    )
    event.path.steps.add(key=key)
    store.put_events([event])
    made.id = number
    return made


def resolve(store, *artifacts):
    """Returns the span of the previous statistics of the last of `artifacts`."""
    inputs = {"statistics": [artifacts[-1]], "previous_statistics": list(artifacts)}
    found = PreviousStatisticsStrategy().resolve_artifacts(store, inputs)
    assert found["statistics"] == [artifacts[-1]]
    return [item.span for item in found["previous_statistics"]]


def test_there_are_none_before_the_first(store):
    assert resolve(store, record(store, 1, State.RUNNING)) == []


def test_there_are_none_where_no_gate_ever_ran(store):
    assert resolve(store, artifact(1, 1), artifact(2, 2)) == []


@pytest.mark.parametrize(
    ("state", "expected"), [(State.COMPLETE, [2]), (State.CACHED, [2]), (State.FAILED, [1])]
)
def test_statistics_that_the_gate_refused_are_passed_over(store, state, expected):
    first = record(store, 1, State.COMPLETE)
    second = record(store, 2, state)
    assert resolve(store, first, second, record(store, 3, State.RUNNING)) == expected


def test_having_been_the_measure_of_others_is_no_pass(store):
    first = record(store, 1, State.COMPLETE, key="previous_statistics")
    assert resolve(store, first, record(store, 2, State.RUNNING)) == []


def test_the_executions_of_other_components_do_not_count(store):
    first = record(store, 1, State.COMPLETE, gate="somebody.else.Gate")
    assert resolve(store, first, record(store, 2, State.RUNNING)) == []


def test_the_name_of_the_gate_is_its_class():
    assert f"{DataGate.__module__}.{DataGate.__qualname__}" == GATE_TYPE
