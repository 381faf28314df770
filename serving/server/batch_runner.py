"""Joins the tensors of many requests into one run of the graph, and parts its outputs again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from serving.server.batch_options import BatchOptions
from serving.server.batch_scheduler import TIMED_OUT, BatchQueue, BatchScheduler, Task
from serving.server.errors import Code, StatusError, invalid_argument
from serving.server.metrics import Metrics
from serving.server.runner import Feeds, Runner

if TYPE_CHECKING:
    import numpy as np

_Key = tuple[frozenset[str], frozenset[str]]
_TF_NAMES: Final = {"object": "string", "float32": "float", "float64": "double", "float16": "half"}


class BatchRunner:
    """Runs the requests of each signature in batches.

    A request for only some of a signature's outputs matches no queue and runs alone, as on the
    real server.
    """

    def __init__(
        self,
        inner: Runner,
        signature_defs: Mapping[str, Any],
        scheduler: BatchScheduler,
        options: BatchOptions,
        metrics: Metrics,
    ) -> None:
        """Makes a queue for each signature.

        Args:
          inner: Runs the batches.
          signature_defs: The signatures by name.
          scheduler: Its threads run the batches.
          options: How requests are joined.
          metrics: Told how long requests wait.
        """
        self._inner = inner
        self._scheduler = scheduler
        self._queues: dict[_Key, _SignatureQueue] = {}
        for signature in signature_defs.values():
            dtypes = {info.name: _dtype_name(info.dtype) for info in signature.inputs.values()}
            fetches = sorted({info.name for info in signature.outputs.values()})
            key = frozenset(dtypes), frozenset(fetches)
            if dtypes and key not in self._queues:
                self._queues[key] = _SignatureQueue(
                    inner, scheduler, options, metrics, dtypes, fetches
                )

    def run(self, feeds: Feeds, fetches: Sequence[str], deadline: float | None) -> list[np.ndarray]:
        queue = self._queues.get((frozenset(feeds), frozenset(fetches)))
        if queue is None:
            return self._inner.run(feeds, fetches, deadline)
        return queue.run(feeds, fetches, deadline)

    def close(self) -> None:
        for queue in self._queues.values():
            self._scheduler.remove(queue.queue)
        self._inner.close()


class _SignatureQueue:
    """The queue of one set of input and output tensors."""

    def __init__(
        self,
        inner: Runner,
        scheduler: BatchScheduler,
        options: BatchOptions,
        metrics: Metrics,
        dtypes: Mapping[str, str],
        fetches: Sequence[str],
    ) -> None:
        self._inner = inner
        self._options = options
        self._metrics = metrics
        self._dtypes = dtypes
        self._fetches = fetches
        self.queue: BatchQueue = scheduler.new_queue(self._process)

    def run(self, feeds: Feeds, fetches: Sequence[str], deadline: float | None) -> list[np.ndarray]:
        self._check_dtypes(feeds)
        task = Task(feeds, fetches, _num_rows(feeds), deadline)
        self.queue.schedule(task)
        return task.result()

    def _check_dtypes(self, feeds: Feeds) -> None:
        """Refuses what the graph would refuse, before it spoils the requests of others."""
        for position, name in enumerate(sorted(feeds)):
            received = _TF_NAMES.get(feeds[name].dtype.name, feeds[name].dtype.name)
            if received != self._dtypes[name]:
                raise invalid_argument(
                    f"Expects arg[{position}] to be {self._dtypes[name]} but {received} is provided"
                )

    def _process(self, tasks: list[Task]) -> None:
        now = time.monotonic()
        alive = []
        for task in tasks:
            self._metrics.queued(self._options.thread_pool_name, now - task.enqueued)
            if task.deadline is not None and task.deadline <= now:
                task.finish(None, StatusError(Code.DEADLINE_EXCEEDED, TIMED_OUT))
            else:
                alive.append(task)
        if not alive:
            return
        try:
            self._run_batch(alive)
        except StatusError as error:
            _fail(alive, error)
        except Exception as error:  # noqa: BLE001 - the threads are shared, and must live on
            _fail(alive, StatusError(Code.INTERNAL, f"The batch failed: {error!r}"))

    def _run_batch(self, tasks: Sequence[Task]) -> None:
        deadlines = [task.deadline for task in tasks]
        known = [deadline for deadline in deadlines if deadline is not None]
        latest = max(known) if len(known) == len(deadlines) else None
        sizes = [task.size for task in tasks]
        padded = self._options.padded_size(sum(sizes))
        feeds = {name: self._merged(name, tasks, padded) for name in self._dtypes}
        outputs = self._inner.run(feeds, self._fetches, latest)
        parts = {
            name: _split(output, sizes, padded)
            for name, output in zip(self._fetches, outputs, strict=True)
        }
        for position, task in enumerate(tasks):
            task.finish([parts[name][position] for name in task.fetches])

    def _merged(self, name: str, tasks: Sequence[Task], padded: int) -> np.ndarray:
        import numpy as np

        arrays = [task.feeds[name] for task in tasks]
        if len({array.shape[1:] for array in arrays}) > 1:
            if not self._options.pad_variable_length_inputs:
                raise StatusError(
                    Code.FAILED_PRECONDITION,
                    f"Tensors with name '{name}' from different tasks have different shapes and "
                    "padding is turned off.Set pad_variable_length_inputs to true, or ensure that "
                    "all tensors with the same namehave equal dimensions starting with the first "
                    "dim.",
                )
            arrays = _padded_alike(arrays)
        num_missing = padded - sum(len(array) for array in arrays)
        if num_missing > 0 and len(arrays[-1]):
            # A row that is known to be valid; its answer is thrown away.
            arrays = [*arrays, np.repeat(arrays[-1][:1], num_missing, axis=0)]
        return np.concatenate(arrays) if len(arrays) > 1 else arrays[0]


def _fail(tasks: Sequence[Task], error: StatusError) -> None:
    for task in tasks:
        # Each its own: a traceback grows with every thread that raises the same one.
        task.finish(None, StatusError(error.code, error.message))


def _num_rows(feeds: Feeds) -> int:
    sizes = set()
    for array in feeds.values():
        if array.ndim == 0:
            raise invalid_argument(
                "Batching session Run() input tensors must have at least one dimension"
            )
        sizes.add(len(array))
    if len(sizes) != 1:
        raise invalid_argument(
            "Batching session Run() input tensors must have equal 0th-dimension size"
        )
    return sizes.pop()


def _padded_alike(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Fills every dimension but the first with zeros, or empty strings, up to the longest."""
    import numpy as np

    if len({array.ndim for array in arrays}) > 1:
        raise StatusError(
            Code.FAILED_PRECONDITION, "Tensors of different ranks cannot be padded into one batch"
        )
    shape = np.max([array.shape[1:] for array in arrays], axis=0)
    padded = []
    for array in arrays:
        fill = b"" if array.dtype == object else array.dtype.type(0)
        wide = np.full((len(array), *shape), fill, dtype=array.dtype)
        wide[tuple(slice(length) for length in array.shape)] = array
        padded.append(wide)
    return padded


def _split(output: Any, sizes: Sequence[int], padded: int) -> list[np.ndarray]:
    """Parts one output of a batch; `padded` is its number of rows, `sizes` those of its tasks."""
    if getattr(output, "ndim", 0) == 0:
        raise StatusError(Code.FAILED_PRECONDITION, "Batched output tensor has 0 dimensions")
    if len(output) != padded:
        raise StatusError(
            Code.FAILED_PRECONDITION,
            "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension "
            "sizes of the input tensors",
        )
    parts, start = [], 0
    for size in sizes:
        parts.append(output[start : start + size])
        start += size
    return parts


def _dtype_name(enum: int) -> str:
    import tensorflow as tf

    name = tf.as_dtype(enum).name
    return _TF_NAMES.get(name, name)
