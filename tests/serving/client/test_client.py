"""Texts get typed answers over both protocols; a failure is the error that says what to do."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest

from schemas.errors import UserError
from serving.client import (
    AccessError,
    AnswerError,
    AsyncClient,
    BatchLimits,
    Classification,
    Client,
    DeadlineExceededError,
    FillMask,
    InvalidRequestError,
    MultiLabel,
    Regression,
    RetryPolicy,
    Tls,
    UnavailableError,
)
from serving.client.answers import typed_answer
from tests.serving.certificates import self_signed
from tests.serving.client.fake_server import answer, start_grpc

POSITIVE = Classification("positive", 0.9, (0.1, 0.9), ("negative", "positive"))
QUICK = RetryPolicy(initial_seconds=0.001)


def test_texts_get_typed_answers_in_order(url):
    with Client(url, "reviews") as client:
        answers = client.predict(["good", "café", "so good"])
    assert answers[0] == POSITIVE
    assert [answer.label for answer in answers] == ["positive", "negative", "positive"]


def test_one_text_gets_one_answer(url):
    with Client(url, "reviews") as client:
        assert client.predict_one("good") == POSITIVE


def test_no_text_is_no_request(url, script):
    with Client(url, "reviews") as client:
        assert client.predict([]) == []
    assert not script.requests


def test_texts_are_split_by_number_and_by_bytes(url, script):
    with Client(url, "reviews", limits=BatchLimits(size=2, num_bytes=8)) as client:
        client.predict(["a", "b", "c", "dddddddd", "é"])
    assert script.requests == [["a", "b"], ["c"], ["dddddddd"], ["é"]]


def test_a_stream_asks_a_batch_at_a_time(url, script):
    with Client(url, "reviews", limits=BatchLimits(size=2)) as client:
        answers = client.stream(iter(["a", "good", "c"]))
        next(answers)
        assert script.requests == [["a", "good"]]
        assert [answer["label"] for answer in answers] == ["positive", "negative"]


@pytest.mark.parametrize(
    ("choice", "seen"),
    [({}, (None, None)), ({"version": 3}, (3, None)), ({"label": "stable"}, (None, "stable"))],
)
def test_a_version_or_a_label_is_chosen(url, script, choice, seen):
    with Client(url, "reviews", **choice) as client:
        client.predict(["a"])
    assert script.specs == [seen]


def test_a_version_and_a_label_are_too_much():
    with pytest.raises(ValueError, match="not both; received version 1 and label 'stable'"):
        Client("grpc://localhost", "reviews", version=1, label="stable")


def test_versions_come_with_their_state(url):
    with Client(url, "reviews") as client:
        first, second = client.versions()
    assert (first.version, first.state, first.problem) == (2, "AVAILABLE", "")
    assert (second.version, second.state, second.problem) == (1, "END", "no saved_model.pb")


def test_a_token_goes_with_every_call(url, script):
    script.token = "secret"
    with Client(url, "reviews", token="secret") as client:
        assert client.predict_one("good") == POSITIVE
    with Client(url, "reviews") as client, pytest.raises(AccessError, match="no valid token"):
        client.predict(["a"])


def test_an_output_that_is_not_one_value_a_text_is_named(url, script):
    script.answer = lambda texts: {**answer(texts), "labels": [["x"]] * (len(texts) + 1)}
    with Client(url, "reviews") as client, pytest.raises(AnswerError, match="labels has 2 for 1"):
        client.outputs(["a"])


def test_outputs_of_no_known_task_come_as_they_are():
    with pytest.raises(AnswerError, match=r"Classification: label, .*; received embedding; ask"):
        typed_answer({"embedding": [1.0, 0.5]})


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ({"score": 3.5}, Regression(3.5)),
        (
            {"chosen": ["b", ""], "probabilities": [0.1, 0.9], "labels": ["a", "b"]},
            MultiLabel(("b",), (0.1, 0.9), ("a", "b")),
        ),
        (
            {"tokens": [["x", "y"], ["", ""]], "scores": [[0.6, 0.3], [0.0, 0.0]]},
            FillMask((("x", "y"),), ((0.6, 0.3),)),
        ),
        (
            {"tokens": [["x", "y"]], "scores": [[0.6, 0.3]], "in_order": 0.75},
            FillMask((("x", "y"),), ((0.6, 0.3),), 0.75),
        ),
        (
            {"score": 1.0, "label": "a", "probability": 1.0, "probabilities": [1.0, 0.0]}
            | {"labels": ["a", "b"]},
            Classification("a", 1.0, (1.0, 0.0), ("a", "b")),
        ),
    ],
)
def test_the_outputs_say_the_type_of_the_answer(outputs, expected):
    assert typed_answer(outputs) == expected


def test_half_a_surrogate_pair_is_refused_before_it_is_sent(url, script):
    with Client(url, "reviews") as client, pytest.raises(InvalidRequestError, match="be Unicode"):
        client.predict(["\ud800"])
    assert not script.requests


def test_a_text_of_another_form_names_the_inputs(url):
    with (
        Client(url, "reviews") as client,
        pytest.raises(InvalidRequestError, match="takes the inputs text; received the keys a, b"),
    ):
        client.predict([{"a": "x", "b": "y"}])


@pytest.mark.parametrize(
    "url", ["localhost:8500", "ftp://x", "grpc://", "http://x/path", "http://x:99999"]
)
def test_a_url_of_another_form_is_refused(url):
    with pytest.raises(UserError, match="a server's URL"):
        Client(url, "reviews")


def test_awaited_batches_are_asked_together(url, script):
    script.delay_seconds = 0.2
    script.failures = [("UNAVAILABLE", "wait")]

    async def ask():
        limits = BatchLimits(size=1)
        async with AsyncClient(url, "reviews", limits=limits, retry=QUICK) as client:
            await client.versions()
            return await client.predict(["good", "bad", "good"])

    started = time.monotonic()
    answers = asyncio.run(ask())
    assert [answer.label for answer in answers] == ["positive", "negative", "positive"]
    assert len(script.requests) == 4
    assert time.monotonic() - started < 0.7


def test_no_more_requests_are_under_way_than_may_be(url, script):
    script.delay_seconds = 0.1

    async def ask():
        limits = BatchLimits(size=1, at_once=1)
        async with AsyncClient(url, "reviews", limits=limits) as client:
            await client.predict(["good", "bad", "good"])

    started = time.monotonic()
    asyncio.run(ask())
    assert time.monotonic() - started > 0.3


def test_the_first_awaited_failure_ends_the_call(url, script):
    script.failures = [("INVALID_ARGUMENT", "because")]

    async def ask():
        async with AsyncClient(url, "reviews", limits=BatchLimits(size=1)) as client:
            await client.predict(["a", "b", "c"])

    with pytest.raises(InvalidRequestError, match="because"):
        asyncio.run(ask())


def test_awaited_calls_end_with_their_deadline(url, script):
    script.delay_seconds = 0.5

    async def ask():
        async with AsyncClient(url, "reviews") as client:
            await client.predict_one("a", timeout=0.2)

    with pytest.raises(DeadlineExceededError):
        asyncio.run(ask())


def test_tls_trusts_whom_it_is_told_to(script, tmp_path):
    certificate, key = self_signed(tmp_path)
    pair = (key.read_bytes(), certificate.read_bytes())
    port, stop = start_grpc(script, grpc.ssl_server_credentials([pair]))
    url = f"grpcs://localhost:{port}"
    with Client(url, "reviews", tls=Tls(ca_file=certificate)) as client:
        assert client.predict_one("good") == POSITIVE
    with Client(url, "reviews", retry=QUICK) as client, pytest.raises(UnavailableError):
        client.predict(["a"])
    stop()


def test_certificates_need_a_secure_url(tmp_path):
    with pytest.raises(UserError, match="certificates need grpcs:// or https://"):
        Client("grpc://localhost", "reviews", tls=Tls(ca_file=tmp_path))


def test_a_call_needs_no_tensorflow(url):
    code = f"""
import sys, time
start = time.process_time()  # not of the clock: other processes want the cores too
from serving.client import Client
client = Client({url!r}, "reviews")
seconds = time.process_time() - start
print(client.predict_one("good").label, "tensorflow" in sys.modules, seconds)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    label, has_tensorflow, seconds = done.stdout.split()
    assert (label, has_tensorflow) == ("positive", "False")
    assert float(seconds) < 1.0
