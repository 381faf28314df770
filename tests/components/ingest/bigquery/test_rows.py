import datetime
import decimal
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.ingest.bigquery.rows import as_json_line, pack_row, read_rows

ROLES = {"text": "text", "label": "label"}
VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3)


@given(
    rows=st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=12), seed=st.randoms()
)
def test_the_order_of_rows_and_columns_changes_nothing(rows, seed):
    packed = [pack_row(row, 3) for row in rows]
    shuffled = [pack_row(dict(reversed(list(row.items()))), 3) for row in rows]
    seed.shuffle(shuffled)
    assert sorted(packed) == sorted(shuffled)
    for shard in range(3):
        first, second = (
            [row.id for row in read_rows([row for at, row in part if at == shard], {}, None)]
            for part in (packed, shuffled)
        )
        assert first == second
        assert len(set(first)) == len(first)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (decimal.Decimal("1.500000000"), "1.5"),
        (decimal.Decimal("100.000000000"), "100"),
        (decimal.Decimal("0E-9"), "0"),
        (decimal.Decimal(f"{'9' * 29}.123456780"), f"{'9' * 29}.12345678"),
        (datetime.date(2026, 11, 24), "2026-11-24"),
        (datetime.time(5, 30), "05:30:00"),
        (b"caf\xc3\xa9", "café"),
        ([b"a", b"b"], ["a", "b"]),
        (0.1, 0.1),
        (None, None),
    ],
)
def test_values_are_written_as_bigquery_writes_them(value, written):
    assert json.loads(as_json_line({"v": value})) == {"v": written}


def read(row, **options):
    (found,) = read_rows([pack_row(row, 1)[1]], ROLES, options.get("id_column"))
    return found


def test_null_is_no_value_and_other_columns_stay_in_the_raw_row():
    row = read({"text": "a film", "label": None, "source": "mail"})
    assert row.values == {"text": "a film"}
    assert json.loads(row.raw) == {"text": "a film", "label": None, "source": "mail"}


@pytest.mark.parametrize(
    ("value", "name"), [("r-1", "r-1"), (7, "7"), ({"a": 1}, '{"a": "1"}'), ("é", "é")]
)
def test_the_id_column_names_a_row(value, name):
    assert read({"text": "x", "id": value}, id_column="id").id == name


def test_without_an_id_a_row_is_named_by_its_hash():
    first, second = read({"text": "x", "id": None}, id_column="id"), read({"text": "y"})
    assert [len(row.id) for row in (first, second)] == [16, 16]
    assert first.id != second.id


def test_bytes_that_are_no_utf8_are_rejected_only_where_a_role_has_them():
    rejected = read({"text": b"caf\xe9", "label": "1"}, id_column="label")
    assert (rejected.reason, rejected.id) == ("invalid_utf8", "1")
    assert read({"text": "a", "other": b"caf\xe9"}).values == {"text": "a"}
