import pytest

from pipeline.init.header import has_header

_TEXTS = ["what a good film", "so bad", "not good at all", "a joy", "dull", "fine by me"]


def _rows(*first: str, labels: str = "101010", columns: int = 2) -> list[list[str]]:
    rows = [[text, label] for text, label in zip(_TEXTS, labels, strict=True)]
    return [list(first), *([*row, row[1]][:columns] for row in rows)]


@pytest.mark.parametrize(
    "first",
    [
        ("text", "label"),
        ("Review Text", "Class"),
        ("satz", "wertung"),  # no usual name, but words above numbers
        ("", "text", "label"),  # pandas leaves its index without a name
    ],
)
def test_names_are_a_header(first):
    assert has_header(_rows(*first, columns=len(first)))


@pytest.mark.parametrize(
    "first",
    [
        ("a good film", "1"),
        ("good", "1"),
        ("text", "1"),  # a number is no name
        ("same", "same"),
        ("", ""),
        ("text", ""),
        ("x" * 41, "label"),
    ],
)
def test_data_is_no_header(first):
    assert not has_header(_rows(*first))


def test_a_value_that_comes_again_is_no_name():
    assert not has_header(_rows("a good film", "spam", labels="spsspp") + [["x", "spam"]] * 5)


def test_a_value_that_never_comes_again_is_a_name():
    rows = [[text, label] for text, label in zip(_TEXTS * 3, ["pos", "neg"] * 9, strict=True)]
    assert has_header([["satz", "urteil"], *rows])


def test_usual_names_alone_are_a_header():
    assert has_header([["text", "label"]])


def test_no_rows_have_no_header():
    assert not has_header([])
