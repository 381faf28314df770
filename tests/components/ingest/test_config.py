import datetime

import pytest
from pydantic import ValidationError

from components.ingest.config import IngestConfig


def test_an_unknown_format_is_refused():
    with pytest.raises(ValidationError, match="format must be auto or one of conll, csv, jsonl"):
        IngestConfig(train="a.tsv", format="xlsx")


def test_names_of_columns_without_a_header_are_refused():
    with pytest.raises(ValidationError, match=r"must be 0-based positions.*received \['text'\]"):
        IngestConfig(train="a", format="tsv", header=False, columns={"text": "text", "label": 1})


def test_names_of_columns_without_a_header_mean_nothing_to_jsonl():
    assert (
        IngestConfig(train="a", format="jsonl", header=False, columns={"text": "t"}).header is False
    )


def test_a_span_may_be_given_by_its_day():
    given = IngestConfig(train="{YYYY}-{MM}-{DD}.tsv", span=datetime.date(2026, 11, 24))
    assert given.span == 20781
    assert IngestConfig(train="{YYYY}-{MM}-{DD}.tsv", span="2026-11-24") == given


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"train": "a.tsv", "window": 3}, r"window must be 1 .* received 3 and 'a.tsv'"),
        ({"train": "{SPAN}.tsv", "span_marker": "done"}, r"span_marker must hold \{SPAN\}"),
        ({"train": "{YYYY}.tsv"}, r"a date needs .* all of them"),
    ],
)
def test_spans_without_a_place_are_refused(keys, message):
    with pytest.raises(ValidationError, match=message):
        IngestConfig(**keys)
