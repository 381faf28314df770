"""Batching parameters are those with the most rows a second that the latency allows."""

import pytest

from schemas.errors import UserError
from serving.tuning.choice import choose
from serving.tuning.latency import Latency, between


def latency(size, time_ms, *, threads=1, p99_ms=None):
    rate = 1000 * size * threads / time_ms
    return Latency(size, threads, time_ms, p99_ms or time_ms, rate)


GROWING = [latency(1, 10.0), latency(8, 40.0), latency(16, 64.0), latency(32, 126.0)]
"""100, 200, 250 and 254 rows a second."""


def test_of_nearly_equal_throughput_the_smaller_batch_is_taken():
    choice = choose(GROWING)
    assert choice.options.max_batch_size == 16
    assert choice.latency == GROWING[2]


def test_a_lone_request_waits_a_tenth_of_its_own_time():
    choice = choose(GROWING)
    assert choice.options.batch_timeout_micros == 1000
    assert choice.worst_ms == 2 * 64.0 + 1.0


def test_the_queue_holds_what_is_answered_in_ten_seconds():
    assert choose(GROWING).options.max_enqueued_batches == 156


@pytest.mark.parametrize(("limit", "size"), [(20.0, 1), (80.0, 1), (81.0, 8), (130.0, 16)])
def test_a_latency_bounds_the_batch(limit, size):
    assert choose(GROWING, max_latency_ms=limit).options.max_batch_size == size


def test_the_slow_runs_count_for_the_latency():
    slow = [GROWING[0], latency(8, 40.0, p99_ms=60.0)]
    assert choose(slow, max_latency_ms=100.0).options.max_batch_size == 1
    assert choose(slow, max_latency_ms=121.0).options.max_batch_size == 8


def test_a_latency_that_cannot_be_had_is_refused():
    with pytest.raises(UserError, match=r"--max-latency-ms must be at least 20 .* received 19;"):
        choose(GROWING, max_latency_ms=19.0)


def test_threads_are_taken_where_they_gain():
    gaining = [*GROWING, latency(16, 80.0, threads=2)]
    assert choose(gaining).options.num_batch_threads == 2
    useless = [*GROWING, latency(16, 128.0, threads=2)]
    assert choose(useless).options.num_batch_threads == 1


def test_where_batches_gain_nothing_a_request_waits_for_none():
    options = choose(between(1.0, 32.0, 32)).options
    assert (options.max_batch_size, options.batch_timeout_micros) == (1, 0)


def test_sizes_between_two_known_ones_are_on_a_line():
    assert choose(between(10.0, 41.0, 32)).options.max_batch_size == 32
