import pytest

from components.ingest.formats.base import Chunk, Rejection, SourceFile
from components.ingest.formats.conll import Conll
from schemas.errors import UserError

TWO = "New\tB-place\nYork\tI-place\n\nHi\tO\n"
FOUR = "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nPeter NNP B-NP B-PER\n"


def read(path, *, width=2, tags=1, gzipped=False, comment_prefix=None):
    file = SourceFile(
        split="train",
        path=path,
        name="a.conll",
        format="conll",
        columns={"words": 0, "tags": tags},
        width=width,
        gzipped=gzipped,
        comment_prefix=comment_prefix,
    )
    return list(Conll().read(Chunk(0, file)))


def inspect(path):
    return Conll().inspect(path, gzipped=False, header=True)


@pytest.mark.parametrize("name", ["a.conll", "a.conll.gz"])
def test_sentences_of_two_columns(write, name):
    rows = read(write(name, TWO), gzipped=name.endswith("gz"))
    assert [(row.line, row.values) for row in rows] == [
        (1, {"words": ["New", "York"], "tags": ["B-place", "I-place"]}),
        (4, {"words": ["Hi"], "tags": ["O"]}),
    ]
    assert rows[0].raw == b"New\tB-place\nYork\tI-place\n"


def test_any_column_of_four_has_the_tags(write):
    path = write("a.conll", FOUR)
    assert [row.values["tags"] for row in read(path, width=4, tags=3)] == [
        ["B-ORG", "O"],
        ["B-PER"],
    ]
    assert [row.values["tags"] for row in read(path, width=4, tags=2)] == [
        ["B-NP", "B-VP"],
        ["B-NP"],
    ]


def test_the_columns_are_named_by_where_the_words_and_tags_usually_stand(write):
    assert inspect(write("a.conll", TWO)) == (("words", "tags"), 2, 2)
    assert inspect(write("a.conll", FOUR))[:2] == (("words", "column_1", "column_2", "tags"), 4)
    assert inspect(write("a.conll", "one\nword\n"))[:2] == (("words",), 1)


def test_comments_are_skipped_where_the_config_says_so(write):
    path = write("a.conll", "# id = 1\nHi\tO\n# sure\n#\tO\n\n# id = 2\n#tag\tO\n")
    rows = read(path, comment_prefix="# ")
    assert [(row.line, row.values["words"]) for row in rows] == [(2, ["Hi", "#"]), (7, ["#tag"])]
    assert [row.reason for row in read(path)] == ["column_count", "column_count"]


def test_comments_do_not_tell_the_number_of_columns(write):
    assert inspect(write("a.conll", "# id = 1\nHi\tO\n\n# id = 2\nHo\tO\n"))[1] == 2
    assert inspect(write("b.conll", "#hi\tO\n"))[1] == 2


@pytest.mark.parametrize(
    "blank", ["\n", "\t\n", " \t \n", "\r\n", "\n\n\n", "-DOCSTART- O\n", "\ufeff\n"]
)
def test_what_ends_a_sentence(write, blank):
    rows = read(write("a.conll", f"a\tO\n{blank}b\tO\r\n"))
    assert [row.values["words"] for row in rows] == [["a"], ["b"]]


def test_a_word_may_hold_a_space_between_tabs(write):
    (row,) = read(write("a.conll", "New York\tB-place\n"))
    assert row.values["words"] == ["New York"]


@pytest.mark.parametrize(
    ("line", "reason", "message"),
    [
        ("only", "column_count", "must have 2 columns; received 1 in line 2"),
        ("a\tb\tO", "column_count", "received 3"),
        (b"\xff\tO", "invalid_utf8", "0xff"),
        ("a\0\tO", "nul", "NUL"),
        ("a" * 1_100_000 + "\tO", "line_too_long", "a sentence must not be longer"),
    ],
)
def test_a_malformed_line_rejects_its_sentence_and_no_other(write, line, reason, message):
    line = line if isinstance(line, bytes) else line.encode()
    rejection, row = read(write("a.conll", b"x\tO\n" + line + b"\ny\tO\n\nz\tO\n"))
    assert isinstance(rejection, Rejection)
    assert (rejection.line, rejection.reason) == (1, reason)
    assert message in rejection.message
    assert row.values["words"] == ["z"]


def test_a_file_without_blank_lines_is_not_kept_in_memory(write):
    (rejection,) = read(write("a.conll", "some word\tO\n" * 100_000))
    assert (rejection.reason, rejection.num_bytes) == ("line_too_long", 1_200_000)
    assert len(rejection.raw) <= 10_000


def test_no_text_is_refused(write):
    with pytest.raises(UserError, match="none of its first 1 sentences can be read"):
        inspect(write("a.conll", b"\xff\xfe\tO\n"))


def test_an_empty_file_has_no_rows(write):
    assert inspect(write("a.conll", "\n\n")) == ((), 0, 0)
