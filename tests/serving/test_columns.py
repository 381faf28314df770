import pytest

from serving.columns import columns


def test_bytes_are_filled_up_with_bytes():
    assert columns([{"options": [b"a", b"b"]}, {"options": [b"c"]}]) == {
        "options": [[b"a", b"b"], [b"c", b""]]
    }


def test_lists_without_a_text():
    assert columns([{"options": []}, {"options": []}]) == {"options": [[], []]}


def test_text_in_one_row_and_a_list_in_another():
    with pytest.raises(TypeError, match="options must be a list of texts in every row; received"):
        columns([{"options": ["a"]}, {"options": "b"}])
