"""What BigQuery answers when it refuses, in words that say what to change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from schemas.errors import UserError

_QUOTA_REASONS = ("quotaExceeded", "rateLimitExceeded", "RESOURCE_EXHAUSTED", "ResourceExhausted")
_TOO_LARGE = ("responseTooLarge", "Response too large")
_STATUS = re.compile(r"status['\"]?: ['\"]?<?(\d{3})|^(\d{3}) ", re.MULTILINE)
_STATUS_OF_REASON = {
    "accessDenied": 403,
    "PermissionDenied": 403,
    "PERMISSION_DENIED": 403,
    "notFound": 404,
    "exceptions.NotFound": 404,
    "invalidQuery": 400,
    "exceptions.InvalidArgument": 400,
    "HttpUnauthorizedError": 401,
    "RefreshError": 401,
    "DefaultCredentialsError": 401,
}
_MESSAGES = (
    re.compile(r'"message": "((?:[^"\\]|\\.)+)"'),  # of the REST API
    re.compile(r"message: ['\"](.+?)['\"]\n", re.DOTALL),  # of a job that failed
    re.compile(r"details = \"(.+?)\"\n"),  # of gRPC
)
_SOURCE = "io/gcp/bigquery"
"""In the traceback of whatever Beam's source raises."""
_LONGEST = 600


@contextmanager
def explained_for(place: str, project: str | None) -> Iterator[None]:
    """Turns what Google's client raises inside the block into a `UserError`.

    Args:
      place: Key of the query, such as ingest.train.
      project: The project that pays.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError, TransportError
    from requests.exceptions import ConnectionError as NoConnectionError

    try:
        yield
    except GoogleAuthError as error:
        status = 0 if isinstance(error, TransportError) else 401
        raise UserError(_advice(status, str(error), "", place, project)) from error
    except (GoogleAPICallError, RetryError, NoConnectionError) as error:
        raise UserError(_advice(*_answer(error), place, project)) from error


def _answer(error: Exception) -> tuple[int, str, str]:
    """Returns status, message and reasons of what the client raises; it may have tried again."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    if isinstance(error, RetryError) and isinstance(error.cause, GoogleAPICallError):
        error = error.cause
    if not isinstance(error, GoogleAPICallError):
        return 0, str(error), ""
    given = [item for item in error.errors if isinstance(item, dict)]
    message = next((item["message"] for item in given if item.get("message")), error.message)
    reasons = " ".join(str(item.get("reason")) for item in given)
    return 0 if error.code is None else int(error.code), str(message), reasons


def explained_text(text: str, places: str, project: str | None) -> UserError | None:
    """Returns what an error out of Beam means, which carries BigQuery's answer as text alone.

    Args:
      text: The error with everything it was raised from.
      places: Keys of the queries.
      project: The project that pays.

    Returns:
      The error to raise; None where BigQuery has no part in it.
    """
    if _SOURCE not in text:
        return None
    status = _last_status(text)
    if not status and not _is_quota(text) and not any(word in text for word in _TOO_LARGE):
        return None
    # An error is told after those that it was raised from or during.
    messages = [match for known in _MESSAGES for match in known.finditer(text)]
    message = max(messages, key=lambda match: match.start())[1] if messages else ""
    return UserError(
        _advice(status, message or text.strip().splitlines()[-1], text, places, project)
    )


def _last_status(text: str) -> int:
    """Returns the status that is told last, 0 where there is none."""
    statuses = [(match.start(), int(match[1] or match[2])) for match in _STATUS.finditer(text)]
    reasons = [(text.rfind(word), code) for word, code in _STATUS_OF_REASON.items() if word in text]
    return max([*statuses, *reasons], default=(0, 0))[1]


def _is_quota(text: str) -> bool:
    return any(word in text for word in _QUOTA_REASONS)


def _advice(status: int, message: str, reasons: str, place: str, project: str | None) -> str:
    """Returns what BigQuery said, and what to do about it."""
    said = message if len(message) <= _LONGEST else message[:_LONGEST] + "…"
    if status == 429 or _is_quota(reasons):
        return (
            f"{place}: a quota of BigQuery in the project {project} is used up ({said}); try "
            "later, have the quota raised, or set ingest.bigquery.priority: batch"
        )
    if any(word in reasons for word in _TOO_LARGE):
        return f"{place}: the result is too large ({said}); give the query a narrower WHERE"
    told = {
        400: f"BigQuery refuses the query ({said}); correct it",
        401: f"BigQuery knows no account to ask as ({said}); run `gcloud auth "
        "application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a key file",
        403: f"the account may not do this ({said}); grant it roles/bigquery.jobUser and "
        f"roles/bigquery.readSessionUser on the project {project}, "
        "roles/bigquery.dataViewer on the tables, and roles/bigquery.dataEditor on "
        "ingest.bigquery.temp_dataset, or bigquery.datasets.create where it is unset",
        404: f"there is no such table, dataset or project ({said}); correct the name",
    }
    fallback = f"BigQuery cannot be asked ({said}); check the network, and try again"
    return f"{place}: {told.get(status, fallback)}"
