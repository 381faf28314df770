import pytest

from components.validation.rows import offending_rows

ROWS = [{"text": f"a film {at}", "label": "1", "channel": "mail"} for at in range(5)]


@pytest.mark.parametrize(
    ("feature", "change", "shown"),
    [
        ("label", {"label": b"7"}, "a.tsv:2: label is '7'; text 'a film 2'"),
        ("label", {"label": None}, "a.tsv:2: label is missing; text 'a film 2'"),
        ("label_id", {"label_id": 9}, "a.tsv:2: label_id is '9'; text 'a film 2'"),
        ("label_id", {"label_id": b"1"}, "a.tsv:2: label_id is '1'; text 'a film 2'"),
        ("text", {"text": [b"one", b"two"]}, "a.tsv:2: text is 'one', 'two'"),
        (
            "length_bucket",
            {"length_bucket": b"0"},
            "a.tsv:2: length_bucket is '0'; text 'a film 2'",
        ),
        ("channel", {"channel": [b"a", b"b"]}, "a.tsv:2: channel is 'a', 'b'; text 'a film 2'"),
        ("surprise", {"surprise": b"x"}, "a.tsv:2: surprise is 'x'; text 'a film 2'"),
        ("row_id", {"row_id": None}, "a row without an id: row_id is missing; text 'a film 2'"),
    ],
)
def test_the_row_that_breaks_the_schema_is_shown(write_examples, schema, feature, change, shown):
    path = write_examples("a.gz", ROWS, {2: change})
    assert offending_rows([path], [feature], schema, 3) == {feature: (shown,)}


def test_no_more_rows_than_wanted_are_shown(write_examples, schema):
    path = write_examples("a.gz", ROWS, {at: {"label": b"7"} for at in range(5)})
    rows = offending_rows([path], ["label", "text"], schema, 2)
    assert [len(rows["label"]), len(rows["text"])] == [2, 0]


def test_no_row_is_read_where_none_is_wanted(schema):
    assert offending_rows(["/none"], ["label"], schema, 0) == {"label": ()}


def test_long_text_is_cut(write_examples, schema):
    path = write_examples("a.gz", [{"text": "x" * 500, "label": "1"}], {0: {"label": b"7"}})
    (row,) = offending_rows([path], ["label"], schema, 1)["label"]
    assert row.endswith("x" * 79 + "…'")


def test_a_domain_inside_the_feature_counts(write_examples, schema):
    (label,) = [item for item in schema.feature if item.name == "label"]
    label.string_domain.value.append("0")
    path = write_examples("a.gz", ROWS)
    assert len(offending_rows([path], ["label"], schema, 9)["label"]) == 5
