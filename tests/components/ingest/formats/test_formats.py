import pytest

from components.ingest.formats import create_format, format_names, format_of
from components.ingest.formats.base import Format


def test_every_module_is_a_format():
    names = ("conll", "csv", "jsonl", "parquet", "race", "squad", "text", "tfrecord", "tsv")
    assert format_names() == names


@pytest.mark.parametrize("name", format_names())
def test_a_format_is_made_by_its_name(name):
    assert isinstance(create_format(name), Format)


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match=r"format must be one of conll, csv, .*; received 'xlsx'"):
        create_format("xlsx")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.tsv", "tsv"),
        ("A.TSV.GZ", "tsv"),
        ("a.json", "jsonl"),
        ("a.tfrecord-00000-of-00001", None),
        ("a.tfrecords.gz", "tfrecord"),
        ("a.xlsx", None),
    ],
)
def test_the_ending_says_the_format(path, name):
    assert format_of(path, format_names()) == name
