"""What BigQuery refuses while an ingest is under way, told in words."""

import grpc
import pytest

from schemas.errors import UserError
from tests.components.ingest.bigquery.conftest import GOOD, QUERY
from tests.components.ingest.bigquery.rest_api import Refusal
from tests.components.ingest.bigquery.tables import Table, texts


def test_a_query_without_rows_stops_the_run(ask):
    with pytest.raises(UserError, match="eval must have rows; the query gave none"):
        ask(texts(GOOD), held_out=Table(texts(GOOD).columns, []))


def test_a_refusal_of_the_storage_api_says_what_to_grant(bigquery, ask):
    message = "request failed: the user does not have 'bigquery.readsessions.create' permission"
    bigquery.storage.refuse_with = (grpc.StatusCode.PERMISSION_DENIED, message)
    with pytest.raises(UserError, match=r"readsessions\.create.*grant it .*readSessionUser"):
        ask(texts(GOOD))


def test_a_refused_dataset_says_what_to_grant(bigquery, ask):
    message = "Access Denied: Project paying: User does not have bigquery.datasets.create"
    bigquery.api.refusals["POST datasets"] = Refusal(403, "accessDenied", message)
    with pytest.raises(UserError, match=r"datasets\.create.*ingest\.bigquery\.temp_dataset"):
        ask(texts(GOOD))


@pytest.mark.parametrize(
    ("reason", "message", "told"),
    [
        ("quotaExceeded", "Quota exceeded: too many bytes", "a quota of BigQuery .*too many bytes"),
        ("responseTooLarge", "Response too large to return", "result is too large"),
        ("invalidQuery", "Division by zero: 1 / 0", r"refuses the query \(Division by zero"),
    ],
)
def test_a_job_that_fails_on_the_way_is_told_in_words(bigquery, ask, reason, message, told):
    bigquery.api.job_errors[QUERY] = {"reason": reason, "message": message}
    with pytest.raises(UserError, match=rf"ingest\.train\.query, ingest\.eval\.query: .*{told}"):
        ask(texts(GOOD))
