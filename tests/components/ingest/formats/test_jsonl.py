import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.ingest.formats.base import Chunk, Rejection, SourceFile
from components.ingest.formats.jsonl import Jsonl
from schemas.errors import UserError


def read(path, gzipped=False):
    columns = {"text": "t", "label": "l"}
    file = SourceFile(
        split="train", path=path, name="a.jsonl", format="jsonl", columns=columns, gzipped=gzipped
    )
    return list(Jsonl().read(Chunk(0, file)))


@pytest.mark.parametrize(
    ("label", "text"),
    [("1", "1"), ("1.50", "1.50"), ("true", "true"), ('"x"', "x"), ("1e3", "1e3"), ("NaN", "NaN")],
)
def test_values_become_text_as_they_are_written(write, label, text):
    (row,) = read(write("a.jsonl", f'{{"t": "a", "l": {label}}}\n'))
    assert row.values == {"text": "a", "label": text}


@pytest.mark.parametrize("line", ['{"t": "a"}', '{"t": "a", "l": null}'])
def test_a_value_that_is_not_there_is_left_out(write, line):
    (row,) = read(write("a.jsonl", line))
    assert row.values == {"text": "a"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "invalid_json"),
        ("[1]", "invalid_json"),
        ('"text"', "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        ('{"t": ["\\ud800"], "l": 1}', "invalid_utf8"),
        ('{"t": "\\ud800", "l": 1}', "invalid_utf8"),
    ],
)
def test_malformed_lines_are_rejected_and_the_next_is_read(write, line, reason):
    rejection, row = read(write("a.jsonl", f'{line}\n{{"t": "b", "l": 1}}\n'))
    assert isinstance(rejection, Rejection)
    assert (rejection.line, rejection.reason) == (1, reason)
    assert row.values["text"] == "b"


def test_lists_and_objects_hold_texts(write):
    line = '{"t": ["a", null, {"start": 3, "ok": true, "none": null}], "l": []}'
    (row,) = read(write("a.jsonl", line))
    assert row.values == {"text": ["a", {"start": "3", "ok": "true"}], "label": []}
    assert list(row.texts("text")) == ["a", "3", "true"]


def test_blank_lines_line_ends_and_a_byte_order_mark_do_not_show(write):
    rows = read(write("a.jsonl.gz", '\ufeff{"t": "a", "l": 1}\r\n \r\n{"t": "b", "l": 2}'), True)
    assert [(row.line, row.values["text"]) for row in rows] == [(1, "a"), (3, "b")]


def test_the_layout_names_the_keys_in_their_order(write):
    path = write("a.jsonl", '{"t": "a"}\n{"l": 1, "t": "b"}\n')
    assert Jsonl().inspect(path, gzipped=False, header=True) == (("t", "l"), None, 2)


def test_an_array_is_refused_with_the_conversion(write):
    with pytest.raises(UserError, match=r"one JSON array.*jq -c"):
        Jsonl().inspect(write("a.json", '[\n{"t": 1}\n]'), gzipped=False, header=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_what_the_json_module_writes_is_read_back(write, texts):
    content = "".join(json.dumps({"t": text, "l": "1"}) + "\n" for text in texts)
    assert [row.values["text"] for row in read(write("a.jsonl", content))] == texts
