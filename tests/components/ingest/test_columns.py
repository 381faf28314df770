import pytest

from components.ingest.columns import resolve_columns
from components.ingest.config import IngestConfig
from components.ingest.formats import create_format
from components.ingest.formats.base import Layout
from schemas.errors import UserError

HEADER = Layout(("id", "text", "label"), 3, 9)
NO_HEADER = Layout((), 2, 9)
KEYS = Layout(("text", "label", "topic"), None, 9)


def resolve(task, layout, name="tsv", split="train", **config):
    options = IngestConfig(train="a", **config)
    return resolve_columns("/data/a.tsv", layout, create_format(name), options, task, split=split)


@pytest.mark.parametrize(
    ("layout", "name", "config", "expected"),
    [
        (HEADER, "tsv", {}, {"text": 1, "label": 2}),
        (HEADER, "tsv", {"columns": {"text": "id"}}, {"text": 0, "label": 2}),
        (HEADER, "tsv", {"columns": {"text": 2, "label": 0}}, {"text": 2, "label": 0}),
        (HEADER, "tsv", {"group_by": "id"}, {"text": 1, "label": 2, "id": 0}),
        (HEADER, "tsv", {"group_by": "id", "eval": "b"}, {"text": 1, "label": 2}),
        (HEADER, "csv", {"columns": {"source": "id"}}, {"text": 1, "label": 2, "source": 0}),
        (
            NO_HEADER,
            "tsv",
            {"header": False, "columns": {"text": 0, "label": 1}},
            {"text": 0, "label": 1},
        ),
        (
            KEYS,
            "jsonl",
            {"columns": {"part": "topic"}},
            {"text": "text", "label": "label", "part": "topic"},
        ),
    ],
)
def test_roles_find_their_columns(task, layout, name, config, expected):
    assert resolve(task, layout, name, **config) == expected


@pytest.mark.parametrize(
    ("layout", "name", "config", "message"),
    [
        (HEADER, "tsv", {"columns": {"text": "body"}}, "no column 'body' for text.*'id', 'text'"),
        (Layout(("a film", "1"), 2, 9), "tsv", {}, r"header: false .*\{text: 0, label: 1\}"),
        (HEADER, "tsv", {"columns": {"label": 3}}, "between 0 and 2, received 3.* 3 columns"),
        (HEADER, "tsv", {"columns": {"label": -1}}, "between 0 and 2, received -1"),
        (Layout(("text", "text", "label"), 3, 9), "tsv", {}, "'text' more than once"),
        (
            NO_HEADER,
            "tsv",
            {"header": False},
            "without a header, .*text must be a 0-based position",
        ),
        (KEYS, "jsonl", {"columns": {"text": 0}}, "must be a name, received 0.*'topic'"),
        (KEYS, "jsonl", {"columns": {"text": "body"}}, "no column 'body'.*set ingest.columns.text"),
    ],
)
def test_columns_that_are_not_there_are_refused(task, layout, name, config, message):
    with pytest.raises(UserError, match=message):
        resolve(task, layout, name, **config)


def test_the_hint_for_keys_says_nothing_of_headers(task):
    with pytest.raises(UserError) as raised:
        resolve(task, KEYS, "jsonl", columns={"text": "body"})
    assert "header" not in str(raised.value)


def test_a_column_to_split_by_must_be_in_the_training_file(task):
    with pytest.raises(UserError, match=r"no column 'author' .*; set ingest\.group_by to one of"):
        resolve(task, HEADER, group_by="author")
    assert resolve(task, HEADER, split="test", group_by="author") == {"text": 1, "label": 2}
