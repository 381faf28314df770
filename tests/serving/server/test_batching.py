"""Requests share a run, and get back their own rows."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tensorflow.core.protobuf import meta_graph_pb2

from serving.server.batch_options import BatchOptions
from serving.server.batch_runner import BatchRunner
from serving.server.batch_scheduler import BatchScheduler
from serving.server.errors import Code, StatusError
from serving.server.metrics import Metrics
from tests.serving.server.running import wait_until

NEVER = 10_000_000
FLOAT, STRING = 1, 7


def signature(dtype=FLOAT):
    made = meta_graph_pb2.SignatureDef()
    made.inputs["x"].name, made.inputs["x"].dtype = "x:0", dtype
    made.outputs["y"].name = "y:0"
    made.outputs["z"].name = "z:0"
    return made


class Doubles:
    """A graph of two outputs that remembers its runs, and can be held up."""

    def __init__(self):
        self.batches = []
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def run(self, feeds, fetches, deadline):
        self.entered.set()
        assert self.gate.wait(10)
        x = feeds["x:0"]
        self.batches.append(x)
        if x.dtype != object and (x == 13).any():
            raise StatusError(Code.OUT_OF_RANGE, "thirteen")
        return [{"y:0": x * 2 if x.dtype != object else x, "z:0": x}[name] for name in fetches]

    def close(self):
        pass


class Batched:
    def __init__(self, dtype=FLOAT, inner=None, **options):
        self.inner = inner or Doubles()
        self.dtype = object if dtype == STRING else np.float32
        self.options = BatchOptions(**({"num_batch_threads": 1} | options))
        self.scheduler = BatchScheduler(self.options)
        self.runner = BatchRunner(
            self.inner, {"s": signature(dtype)}, self.scheduler, self.options, Metrics()
        )
        self.pool = ThreadPoolExecutor(32)

    def ask(self, value, dtype=np.float32, seconds=None, fetches=("y:0", "z:0")):
        deadline = None if seconds is None else time.monotonic() + seconds
        feeds = {"x:0": np.asarray(value, dtype=dtype)}
        return self.pool.submit(self.runner.run, feeds, fetches, deadline)

    def hold(self):
        """Keeps the one thread busy, so that what follows must queue."""
        self.inner.gate.clear()
        self.ask(np.zeros(1, self.dtype), self.dtype)
        assert self.inner.entered.wait(10)
        return next(iter(self.runner._queues.values())).queue

    def close(self):
        self.inner.gate.set()
        self.pool.shutdown()
        self.scheduler.close()


@pytest.fixture
def make():
    made = []

    def build(*arguments, **options):
        made.append(Batched(*arguments, **options))
        return made[-1]

    yield build
    for batched in made:
        batched.close()


def queued(queue, num_tasks):
    assert wait_until(lambda: sum(len(batch.tasks) for batch in queue.batches) == num_tasks, 10)


def test_requests_that_wait_together_run_together(make):
    batched = make()
    queue = batched.hold()
    answers = [batched.ask([float(number)] * (number % 3 + 1)) for number in range(6)]
    queued(queue, 6)
    batched.inner.gate.set()
    for number, answer in enumerate(answers):
        y, z = answer.result(5)
        assert y.tolist() == [2.0 * number] * (number % 3 + 1)
        assert z.tolist() == [1.0 * number] * (number % 3 + 1)
    assert [len(batch) for batch in batched.inner.batches] == [1, 12]


def test_a_batch_is_no_larger_than_it_may_be(make):
    batched = make(max_batch_size=4)
    queue = batched.hold()
    answers = [batched.ask([1.0, 2.0, 3.0]) for _ in range(3)]
    queued(queue, 3)
    batched.inner.gate.set()
    assert [answer.result(5)[1].tolist() for answer in answers] == [[1.0, 2.0, 3.0]] * 3
    assert [len(batch) for batch in batched.inner.batches] == [1, 3, 3, 3]


def test_a_batch_that_is_not_full_waits_for_its_time(make):
    batched = make(max_batch_size=2, batch_timeout_micros=NEVER)
    first = batched.ask([1.0])
    assert not first.done()
    batched.ask([2.0]).result(5)
    assert first.result(5)[0].tolist() == [2.0]
    assert [len(batch) for batch in batched.inner.batches] == [2]


def test_a_batch_runs_when_its_time_has_come(make):
    batched = make(batch_timeout_micros=50_000)
    begun = time.monotonic()
    batched.ask([1.0]).result(5)
    assert time.monotonic() - begun >= 0.05


def test_a_full_queue_is_unavailable(make):
    batched = make(max_batch_size=1, max_enqueued_batches=2)
    queue = batched.hold()
    waiting = [batched.ask([1.0]) for _ in range(2)]
    queued(queue, 2)
    with pytest.raises(
        StatusError,
        match="The batch scheduling queue to which this task was submitted is full; currently 2 "
        "batches enqueued and max_enqueued_batches is 2",
    ) as caught:
        batched.ask([1.0]).result(5)
    assert caught.value.code is Code.UNAVAILABLE
    batched.inner.gate.set()
    assert all(answer.result(5) for answer in waiting)


def test_a_request_larger_than_a_batch_is_refused(make):
    batched = make(max_batch_size=2)
    with pytest.raises(StatusError, match="Task size 3 is larger than maximum input batch size 2"):
        batched.ask([1.0] * 3).result(5)


def test_a_request_whose_deadline_has_passed_is_not_run(make):
    batched = make()
    queue = batched.hold()
    late = batched.ask([7.0], seconds=0.05)
    queued(queue, 1)
    with pytest.raises(StatusError, match=r"Run\(\) timeout exceeded while waiting") as caught:
        late.result(5)
    assert caught.value.code is Code.DEADLINE_EXCEEDED
    on_time = batched.ask([8.0])
    queued(queue, 2)
    batched.inner.gate.set()
    assert on_time.result(5)[0].tolist() == [16.0]
    assert [batch.tolist() for batch in batched.inner.batches] == [[0.0], [8.0]]


def test_a_batch_is_padded_to_an_allowed_size(make):
    batched = make(max_batch_size=4, allowed_batch_sizes=(1, 4))
    queue = batched.hold()
    answers = [batched.ask([1.0]), batched.ask([2.0])]
    queued(queue, 2)
    batched.inner.gate.set()
    assert [answer.result(5)[0].tolist() for answer in answers] == [[2.0], [4.0]]
    assert [len(batch) for batch in batched.inner.batches] == [1, 4]


def test_unequal_shapes_are_padded_where_that_is_wanted(make):
    batched = make(pad_variable_length_inputs=True)
    queue = batched.hold()
    answers = [batched.ask([[1.0]]), batched.ask([[1.0, 2.0, 3.0]])]
    queued(queue, 2)
    batched.inner.gate.set()
    assert sorted(answer.result(5)[1].tolist() for answer in answers) == [
        [[1.0, 0.0, 0.0]],
        [[1.0, 2.0, 3.0]],
    ]


def test_unequal_shapes_are_refused_otherwise(make):
    batched = make()
    queue = batched.hold()
    answers = [batched.ask([[1.0]]), batched.ask([[1.0, 2.0]])]
    queued(queue, 2)
    batched.inner.gate.set()
    for answer in answers:
        with pytest.raises(StatusError, match="different shapes and padding is turned") as caught:
            answer.result(5)
        assert caught.value.code is Code.FAILED_PRECONDITION


def test_strings_are_batched(make):
    batched = make(STRING)
    queue = batched.hold()
    answers = [batched.ask([b"a"], object), batched.ask([b"bb\0", b"c"], object)]
    queued(queue, 2)
    batched.inner.gate.set()
    assert [answer.result(5)[0].tolist() for answer in answers] == [[b"a"], [b"bb\0", b"c"]]


def test_a_wrong_dtype_is_refused_before_it_spoils_the_requests_of_others(make):
    batched = make()
    with pytest.raises(StatusError, match=r"Expects arg\[0\] to be float but int32 is provided"):
        batched.ask([1], np.int32).result(5)
    assert batched.inner.batches == []


@pytest.mark.parametrize(("value", "words"), [(1.0, "at least one dimension")])
def test_a_scalar_cannot_be_batched(make, value, words):
    with pytest.raises(StatusError, match=words):
        make().ask(value).result(5)


def test_a_request_for_some_of_the_outputs_runs_alone(make):
    batched = make(batch_timeout_micros=NEVER)
    assert batched.ask([1.0], fetches=("y:0",)).result(5)[0].tolist() == [2.0]


def test_a_batch_that_fails_tells_each_request(make):
    batched = make()
    queue = batched.hold()
    answers = [batched.ask([1.0]), batched.ask([13.0])]
    queued(queue, 2)
    batched.inner.gate.set()
    for answer in answers:
        with pytest.raises(StatusError, match="thirteen") as caught:
            answer.result(5)
        assert caught.value.code is Code.OUT_OF_RANGE


class LosesRows(Doubles):
    def run(self, feeds, fetches, deadline):
        return [output[:0] for output in super().run(feeds, fetches, deadline)]


def test_an_output_that_does_not_keep_the_batch_is_refused(make):
    with pytest.raises(StatusError, match="does not equal the sum of the 0th") as caught:
        make(inner=LosesRows()).ask([1.0]).result(5)
    assert caught.value.code is Code.FAILED_PRECONDITION


def test_signatures_take_turns(make):
    batched = make(max_batch_size=1)
    other = BatchRunner(
        batched.inner, {"s": signature()}, batched.scheduler, batched.options, Metrics()
    )
    batched.hold()
    mine = [batched.ask([1.0]) for _ in range(3)]
    theirs = batched.pool.submit(other.run, {"x:0": np.float32([5.0])}, ("y:0", "z:0"), None)
    queued(next(iter(other._queues.values())).queue, 1)
    batched.inner.gate.set()
    assert theirs.result(5)[0].tolist() == [10.0]
    assert all(answer.result(5) for answer in mine)
    assert [5.0] in [batch.tolist() for batch in batched.inner.batches[:3]]
    other.close()
