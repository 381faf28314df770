"""Queues of batches, one a signature, and the threads that all queues share.

As the real server's SharedBatchScheduler: a batch goes to a thread when it is full, when a later
one was begun, or when its first task has waited long enough; queues take turns.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from serving.server.batch_options import BatchOptions
from serving.server.errors import Code, StatusError, invalid_argument

if TYPE_CHECKING:
    import numpy as np

    from serving.server.runner import Feeds

TIMED_OUT = "Run() timeout exceeded while waiting in batching queue"


@dataclass(eq=False)
class Task:
    """One request in a batch.

    Attributes:
      feeds: Its tensors, `(size, ...)` each.
      fetches: What it wants of the batch's outputs.
      size: Its rows.
      deadline: `time.monotonic()` after which it is not run; None: never.
      enqueued: When it came.
      outputs: Its part of the outputs, once done.
      error: Why there are none.
    """

    feeds: Feeds
    fetches: Sequence[str]
    size: int
    deadline: float | None
    enqueued: float = field(default_factory=time.monotonic)
    outputs: list[np.ndarray] | None = None
    error: StatusError | None = None
    _done: threading.Event = field(default_factory=threading.Event)

    def finish(self, outputs: list[np.ndarray] | None, error: StatusError | None = None) -> None:
        """Hands the task back to the thread that waits for it."""
        self.outputs = outputs
        self.error = error
        self._done.set()

    def result(self) -> list[np.ndarray]:
        """Waits for the outputs, no longer than the deadline.

        Raises:
          StatusError: What the batch failed with, or DEADLINE_EXCEEDED.
        """
        left = None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
        if not self._done.wait(left):
            raise StatusError(Code.DEADLINE_EXCEEDED, TIMED_OUT)
        if self.outputs is None:
            raise self.error or StatusError(Code.INTERNAL, "The batch ended without an answer")
        return self.outputs


ProcessBatch = Callable[[list[Task]], None]
"""Runs the tasks of one batch and finishes each of them; must not raise."""


class _Batch:
    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.size = 0
        self.begun = time.monotonic()

    def add(self, task: Task) -> None:
        self.tasks.append(task)
        self.size += task.size


class BatchQueue:
    """The batches of one signature of one version; made by `BatchScheduler.new_queue`."""

    def __init__(self, scheduler: BatchScheduler, process: ProcessBatch) -> None:
        """Takes what runs a batch."""
        self.process = process
        self.batches: deque[_Batch] = deque()
        self._scheduler = scheduler

    def schedule(self, task: Task) -> None:
        """Puts a task into a batch.

        Raises:
          StatusError: UNAVAILABLE if the queue is full, INVALID_ARGUMENT if the task is larger than
            a batch may be.
        """
        self._scheduler.schedule(self, task)

    def ready_at(self, options: BatchOptions) -> float:
        """Returns when the first batch may run; there must be one."""
        first = self.batches[0]
        if len(self.batches) > 1 or first.size >= options.max_batch_size:
            return first.begun
        return first.begun + options.batch_timeout_micros / 1e6


class BatchScheduler:
    """The threads, and the queues that they serve in turn."""

    def __init__(self, options: BatchOptions) -> None:
        """Starts the threads."""
        self._options = options
        self._changed = threading.Condition(threading.Lock())
        self._queues: deque[BatchQueue] = deque()
        self._is_closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"batch-{number}", daemon=True)
            for number in range(options.num_batch_threads)
        ]
        for thread in self._threads:
            thread.start()

    def new_queue(self, process: ProcessBatch) -> BatchQueue:
        """Returns a queue of its own for one signature."""
        queue = BatchQueue(self, process)
        with self._changed:
            self._queues.append(queue)
        return queue

    def remove(self, queue: BatchQueue) -> None:
        """Forgets a queue that no request uses any more."""
        with self._changed:
            self._queues.remove(queue)

    def close(self) -> None:
        """Ends the threads, after the batches that are queued."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def schedule(self, queue: BatchQueue, task: Task) -> None:
        """Puts a task into the last batch of a queue, or begins another."""
        limit = self._options.max_batch_size
        if task.size > limit:
            raise invalid_argument(
                f"Task size {task.size} is larger than maximum input batch size {limit}"
            )
        with self._changed:
            batches = queue.batches
            if not batches or batches[-1].size + task.size > limit:
                if len(batches) >= self._options.max_enqueued_batches:
                    raise StatusError(
                        Code.UNAVAILABLE,
                        "The batch scheduling queue to which this task was submitted is full; "
                        f"currently {len(batches)} batches enqueued and max_enqueued_batches is "
                        f"{self._options.max_enqueued_batches}",
                    )
                batches.append(_Batch())
            batches[-1].add(task)
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                taken = self._take()
                while taken is None:
                    if self._is_closed and not any(queue.batches for queue in self._queues):
                        return
                    self._changed.wait(self._seconds_to_wait())
                    taken = self._take()
            queue, batch = taken
            queue.process(batch.tasks)

    def _take(self) -> tuple[BatchQueue, _Batch] | None:
        """Takes the first batch that may run, and puts its queue at the end of the line."""
        now = time.monotonic()
        for _ in range(len(self._queues)):
            queue = self._queues[0]
            self._queues.rotate(-1)
            if queue.batches and (self._is_closed or queue.ready_at(self._options) <= now):
                return queue, queue.batches.popleft()
        return None

    def _seconds_to_wait(self) -> float | None:
        times = [queue.ready_at(self._options) for queue in self._queues if queue.batches]
        return max(0.0, min(times) - time.monotonic()) if times else None
