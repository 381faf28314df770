"""A failed call is tried again where that may help, and ends as the error that says what to do."""

import asyncio
import time

import pytest

from serving.client import (
    AsyncClient,
    Client,
    DeadlineExceededError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    RetryPolicy,
    ServerFailureError,
    ServingError,
    UnavailableError,
)
from tests.serving.client.fake_server import start_grpc

QUICK = RetryPolicy(initial_seconds=0.001)


@pytest.mark.parametrize("code", ["UNAVAILABLE", "RESOURCE_EXHAUSTED"])
def test_a_passing_failure_is_tried_again(url, script, code):
    script.failures = [(code, "wait")] * 3
    with Client(url, "reviews", retry=QUICK) as client:
        assert client.predict_one("good").label == "positive"
    assert len(script.requests) == 4


@pytest.mark.parametrize(
    ("code", "error", "num_attempts"),
    [
        ("INVALID_ARGUMENT", InvalidRequestError, 1),
        ("NOT_FOUND", NotFoundError, 1),
        ("INTERNAL", ServerFailureError, 1),
        ("RESOURCE_EXHAUSTED", OverloadedError, 4),
        ("UNAVAILABLE", UnavailableError, 4),
    ],
)
def test_a_failure_is_the_error_of_its_code(url, script, code, error, num_attempts):
    script.failures = [(code, "because")] * 5
    with (
        Client(url, "reviews", retry=QUICK) as client,
        pytest.raises(error, match=f"{code}: because"),
    ):
        client.predict(["a"])
    assert len(script.requests) == num_attempts


def test_a_call_ends_with_its_deadline(url, script):
    script.delay_seconds = 0.5
    started = time.monotonic()
    with (
        Client(url, "reviews", timeout=0.2) as client,
        pytest.raises(DeadlineExceededError, match="DEADLINE_EXCEEDED"),
    ):
        client.predict(["a"])
    assert time.monotonic() - started < 0.45


def test_an_attempt_that_takes_too_long_is_made_again_within_the_deadline(url, script):
    script.delay_seconds = 0.4
    policy = RetryPolicy(initial_seconds=0.001, attempt_seconds=0.1)
    with Client(url, "reviews", timeout=0.25, retry=policy) as client:
        with pytest.raises(DeadlineExceededError):
            client.predict(["a"])
        assert 2 <= len(script.requests) <= 3


@pytest.mark.parametrize("url", ["grpc://localhost:9", "http://localhost:9"])
def test_a_server_that_is_not_there_is_unavailable(url):
    asked = f"model reviews, version 3 at {url}: UNAVAILABLE: .*is a server running there"
    with (
        Client(url, "reviews", version=3, retry=QUICK) as client,
        pytest.raises(UnavailableError, match=asked),
    ):
        client.predict(["a"])


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("INVALID_ARGUMENT", "change what is asked"),
        ("NOT_FOUND", "compare name, version and label"),
        ("PERMISSION_DENIED", "give the server's token"),
        ("RESOURCE_EXHAUSTED", "ask later, or with fewer texts"),
        ("DEADLINE_EXCEEDED", "raise timeout"),
        ("INTERNAL", "the server's log says more"),
    ],
)
def test_a_failure_says_who_was_asked_and_what_to_do(script, code, advice):
    port, stop = start_grpc(script)
    url = f"grpc://localhost:{port}"
    said = f"^model reviews, label stable at {url}: {code}: because; {advice}"

    async def ask():
        async with AsyncClient(url, "reviews", label="stable", retry=QUICK) as client:
            await client.predict(["a"])

    script.failures = [(code, "because")] * 5
    with (
        Client(url, "reviews", label="stable", retry=QUICK) as client,
        pytest.raises(ServingError, match=said),
    ):
        client.predict(["a"])
    script.failures = [(code, "because")] * 5
    with pytest.raises(ServingError, match=said):
        asyncio.run(ask())
    stop()


def test_what_is_refused_before_it_is_sent_names_no_server(url):
    with Client(url, "reviews") as client, pytest.raises(InvalidRequestError) as caught:
        client.predict(["\ud800"])
    assert url not in str(caught.value)
