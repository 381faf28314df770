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
