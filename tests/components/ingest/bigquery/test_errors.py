import pytest
from google.auth.exceptions import RefreshError, TransportError

from components.ingest.bigquery.errors import explained_for, explained_text
from schemas.errors import UserError

HTTP = """Traceback (most recent call last):
  File "apache_beam/io/gcp/bigquery.py", line 1157, in split
apitools.base.py.exceptions.HttpForbiddenError: HttpError accessing <https://bigquery…>: response: \
<{'content-type': 'application/json', 'status': '403'}>, content <{"error": {"code": 403, \
"message": "Access Denied: Dataset p:d", "errors": [{"reason": "accessDenied"}]}}>
"""


def test_a_refusal_that_comes_as_text_keeps_its_message():
    told = str(explained_text(HTTP, "ingest.train.query", "p"))
    assert "the account may not do this (Access Denied: Dataset p:d)" in told
    assert told.startswith("ingest.train.query: ")


@pytest.mark.parametrize(
    "text",
    [
        "MemoryError",
        "ValueError: 403 rows",
        "OSError: [Errno 28] No space left on device",
        HTTP.replace("bigquery.py", "gcsio.py"),
    ],
)
def test_what_is_not_of_bigquery_is_let_through(text):
    assert explained_text(text, "ingest.train.query", "p") is None


def test_of_several_refusals_the_last_counts():
    before = HTTP.replace("403", "404").replace("accessDenied", "notFound")
    text = before.replace("Access Denied", "Not found") + HTTP
    assert "the account may not do this (Access Denied: Dataset p:d)" in str(
        explained_text(text, "ingest.train.query", "p")
    )


def test_a_long_message_is_cut():
    text = HTTP.replace("Dataset p:d", "x" * 5000)
    assert len(str(explained_text(text, "ingest.train.query", "p"))) < 1200


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (RefreshError("invalid_grant"), r"\(invalid_grant\); run `gcloud auth"),
        (TransportError("no route to host"), r"\(no route to host\); check the network"),
    ],
)
def test_an_account_that_cannot_be_asked_about_is_no_wrong_account(error, advice):
    with (
        pytest.raises(UserError, match=advice),
        explained_for("ingest.train.query", "p"),
    ):
        raise error
