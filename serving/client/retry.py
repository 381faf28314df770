"""When a failed call is sent again, and how long to wait before."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from serving.client.errors import DeadlineExceededError, ServingError


@dataclass(frozen=True)
class RetryPolicy:
    """Jittered exponential back-off.

    Attributes:
      attempts: How often a request is sent at the most; 1: never again.
      initial_seconds: Longest wait before the second attempt; it doubles with each one.
      max_seconds: Longest wait of all.
      attempt_seconds: Longest time of one attempt; None: what is left of the deadline, so that a
        call that got no answer in time is not sent again.
    """

    attempts: int = 4
    initial_seconds: float = 0.1
    max_seconds: float = 2.0
    attempt_seconds: float | None = None

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"attempts must be 1 or more; received {self.attempts}")

    def wait_seconds(self, attempt: int) -> float:
        """Returns a random wait after the failed attempt number `attempt`, counted from 1.

        The whole range is drawn from, so that clients that failed together do not return together:
        https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        """
        longest = min(self.max_seconds, self.initial_seconds * 2 ** (attempt - 1))
        return random.uniform(0.0, longest)


class Deadline:
    """A point in time by which a call has its answer."""

    def __init__(self, seconds: float) -> None:
        """Starts to count.

        Args:
          seconds: How long the call may take.
        """
        if not seconds > 0:
            raise ValueError(f"timeout must be more than 0 seconds; received {seconds}")
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left; 0 or less once it has passed."""
        return self._end - time.monotonic()


class Attempts:
    """The attempts at one request: how long each may take, and what to do when one fails.

    Iteration yields the seconds that the next attempt may take. After a failed one, `failed` says
    how long to wait, or raises what the caller gets.
    """

    def __init__(self, policy: RetryPolicy, deadline: Deadline) -> None:
        self._policy = policy
        self._deadline = deadline
        self._made = 0

    def __iter__(self) -> Iterator[float]:
        while True:
            left = self._deadline.left
            if left <= 0:
                raise DeadlineExceededError(
                    "DEADLINE_EXCEEDED",
                    f"the call took longer than its {self._deadline.seconds:g} s",
                )
            self._made += 1
            yield min(left, self._policy.attempt_seconds or left)

    def failed(self, error: ServingError) -> float:
        """Returns the seconds to wait before the next attempt.

        Raises:
          ServingError: `error` itself, where no attempt can follow.
        """
        if not error.can_retry or self._made >= self._policy.attempts:
            raise error
        wait = self._policy.wait_seconds(self._made)
        if wait >= self._deadline.left:
            raise error
        return wait
