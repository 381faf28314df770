import pytest

from components.ingest.formats.base import Chunk, Rejection, SourceFile
from components.ingest.formats.text import Text


def read(path, *, gzipped=False, passage_length=600):
    file = SourceFile(
        split="train",
        path=path,
        name="a.txt",
        format="text",
        columns={"text": "text"},
        gzipped=gzipped,
        passage_length=passage_length,
    )
    return list(Text().read(Chunk(0, file)))


def texts(rows):
    return [(row.place, row.values["text"]) for row in rows]


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_blank_lines_part_documents_and_line_breaks_sentences(write, name):
    content = "\ufeffOne here. Two here.\r\nthree\r\n \r\n\r\nfour\n"
    rows = read(write(name, content), gzipped=name.endswith(".gz"))
    assert texts(rows) == [("1", "One here.\nTwo here.\nthree"), ("5", "four")]


def test_passages_are_whole_sentences_with_places_of_their_own(write):
    line = "Aaaa aaaa. Bbbb bbbb. Cccc cccc. Dddd dddd. Eeee eeee."
    rows = read(write("a.txt", f"{line}\nFfff ffff.\n\nGggg.\n"), passage_length=22)
    assert texts(rows) == [
        ("1", "Aaaa aaaa.\nBbbb bbbb."),
        ("1.1", "Cccc cccc.\nDddd dddd."),
        ("1.2", "Eeee eeee.\nFfff ffff."),
        ("4", "Gggg."),
    ]


def test_a_longer_sentence_is_a_passage_of_its_own(write):
    rows = read(write("a.txt", f"Short. {'x' * 50}. Y.\nShort."), passage_length=20)
    assert texts(rows) == [("1", f"Short. {'x' * 50}."), ("1.1", "Y.\nShort.")]


def test_a_line_that_cannot_be_read_is_rejected_and_ends_the_passage(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\nca\xe9\ntwo\nn\0l\nthree\n")
    rows = read(str(tmp_path / "a.txt"))
    rejected = [(row.line, row.reason) for row in rows if isinstance(row, Rejection)]
    assert rejected == [(2, "invalid_utf8"), (4, "nul")]
    assert texts(row for row in rows if not isinstance(row, Rejection)) == [
        ("1", "one"),
        ("3", "two"),
        ("5", "three"),
    ]


def test_without_a_length_each_line_is_a_row(write):
    rows = read(write("a.txt", b"one. Two.\r\nca\xe9\n\n [MASK] it is\n"), passage_length=None)
    assert (rows[1].line, rows[1].reason) == (2, "invalid_utf8")
    assert texts([rows[0], rows[2]]) == [("1", "one. Two."), ("4", " [MASK] it is")]


def test_the_layout_counts_lines_with_text(write):
    layout = Text().inspect(write("a.txt", "\n one\n\ntwo"), gzipped=False, header=True)
    assert layout == (("text",), None, 2)
    assert Text().inspect(write("b.txt", " \n\n"), gzipped=False, header=True).num_rows == 0
