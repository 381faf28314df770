import pytest

from components.ingest.formats.base import Chunk, Rejection, Row, SourceFile
from components.ingest.formats.tsv import Tsv
from schemas.errors import UserError


def source(path, **changes):
    values = {"split": "train", "name": "a.tsv", "format": "tsv", "width": 2}
    return SourceFile(path=path, columns={"text": 0, "label": 1}, **(values | changes))


def read(path, **changes):
    return list(Tsv().read(Chunk(0, source(path, **changes))))


def test_rows_have_their_columns_by_role_and_their_line(write):
    path = write("a.tsv", "text\tlabel\na\t1\nb\t0\n")
    assert [(row.line, row.values) for row in read(path)] == [
        (2, {"text": "a", "label": "1"}),
        (3, {"text": "b", "label": "0"}),
    ]


def test_quotes_are_characters_like_any_other(write):
    (row,) = read(write("a.tsv", 'a "quoted\t1\n'), header=False)
    assert row.values["text"] == 'a "quoted'


@pytest.mark.parametrize("content", ["a\t1\r\n\r\nb\t0\r\n", "a\t1\n\nb\t0", "\ufeffa\t1\nb\t0\n"])
def test_line_ends_blank_lines_and_a_byte_order_mark_do_not_show(write, content):
    rows = read(write("a.tsv", content), header=False)
    assert [row.values for row in rows] == [
        {"text": "a", "label": "1"},
        {"text": "b", "label": "0"},
    ]


@pytest.mark.parametrize(("line", "received"), [("a", 1), ("a\t1\tx", 3)])
def test_a_row_of_another_width_is_rejected(write, line, received):
    rejection, row = read(write("a.tsv", f"{line}\nb\t1\n"), header=False)
    assert rejection.reason == "column_count"
    assert f"must have 2 columns; received {received}" in rejection.message
    assert isinstance(row, Row)


def test_a_part_of_a_file_has_its_own_lines(write):
    path = write("a.tsv", "text\tlabel\na\t1\nb\t0\nc\t1\n")
    (row,) = Tsv().read(Chunk(1, source(path), start=15, end=19, first_line=3))
    assert row == Row(3, {"text": "b", "label": "0"}, b"b\t0\n")


def test_gzip_is_read_as_its_content(write):
    (row,) = read(write("a.tsv.gz", "a\t1\n"), header=False, gzipped=True)
    assert row.values["text"] == "a"


def test_a_cut_gzip_file_is_named(write, tmp_path):
    whole = write("a.tsv.gz", "a\t1\n" * 1000)
    cut = tmp_path / "cut.tsv.gz"
    cut.write_bytes((tmp_path / "a.tsv.gz").read_bytes()[:-12])
    assert whole
    with pytest.raises(UserError, match=r"cut.tsv.gz is no whole gzip file"):
        read(str(cut), header=False, gzipped=True)


def test_the_layout_of_a_file_with_a_header_is_its_header(write):
    layout = Tsv().inspect(write("a.tsv", "text\tlabel\na\t1\n"), gzipped=False, header=True)
    assert layout == (("text", "label"), 2, 1)


def test_the_width_without_a_header_is_that_of_most_rows(write):
    path = write("a.tsv", "a\tb\t1\na\t1\nb\t0\n")
    assert Tsv().inspect(path, gzipped=False, header=False) == ((), 2, 3)


def test_a_file_of_which_no_row_can_be_read_is_refused(write):
    with pytest.raises(UserError, match=r"none of its first 2 rows can be read; .* 0xe9"):
        Tsv().inspect(write("a.tsv", b"\xe9\t1\n\xe9\t0\n"), gzipped=False, header=False)


def test_a_header_that_is_no_text_is_refused(write):
    with pytest.raises(UserError, match=r"the header cannot be read; .* save the file as UTF-8"):
        Tsv().inspect(write("a.tsv", b"\xe9\tlabel\na\t1\n"), gzipped=False, header=True)


def test_rejections_of_unreadable_lines_pass_through(write):
    rejection, _ = read(write("a.tsv", b"\xff\t1\nb\t1\n"), header=False)
    assert isinstance(rejection, Rejection)
    assert rejection.reason == "invalid_utf8"
