import pytest
import tensorflow as tf

from models.pretraining.blanks import read_blanks


def pieces(rows, tokenizer):
    names = tokenizer.pieces.tolist()
    return [" ".join(names[piece] for piece in row) for row in rows.to_list()]


def read(tokenizer, *texts, max_length=64):
    return read_blanks(tf.constant(texts), tokenizer, max_length)


def test_masks_are_pieces_and_the_text_between_is_split_as_ever(tokenizer):
    text = "The film was [MASK] and [MASK]"
    blanks = read(tokenizer, text)
    (row,) = blanks.token_ids.to_list()
    assert row.count(tokenizer.mask_id) == 2
    first, second, third = (
        tokenizer(tf.constant([part])).to_list()[0] for part in ("The film was", "and", "")
    )
    mask = tokenizer.mask_id
    assert row == [tokenizer.cls_id, *first, mask, *second, mask, *third, tokenizer.sep_id]
    assert [row[at] for at in blanks.positions.to_list()[0]] == [mask, mask]


def test_what_follows_a_mask_without_a_space_goes_on_with_the_word(tokenizer):
    glued, spaced = pieces(read(tokenizer, "a [MASK], and", "a [MASK] , and").token_ids, tokenizer)
    assert "[MASK] , " in glued
    assert "[MASK] ▁" in spaced
    whole = pieces(read(tokenizer, "long, dull").token_ids, tokenizer)[0]
    hidden = pieces(read(tokenizer, "[MASK], dull").token_ids, tokenizer)[0]
    assert hidden.partition("[MASK]")[2] == whole[whole.index(" , ") :]


def test_a_line_break_makes_two_segments(tokenizer):
    blanks = read(tokenizer, "a [MASK]\nfine [MASK]", "a fine", "\n a\n")
    rows, segments = blanks.token_ids.to_list(), blanks.segment_ids.to_list()
    sep = tokenizer.sep_id
    assert [row.count(sep) for row in rows] == [2, 1, 1]
    assert [sum(row) > 0 for row in segments] == [True, False, False]
    assert [len(row) for row in blanks.positions.to_list()] == [2, 0, 0]
    at = blanks.positions.to_list()[0]
    assert [segments[0][place] for place in at] == [0, 1]


def test_masks_that_are_cut_off_keep_their_place_in_the_order(tokenizer):
    long = "film " * 30
    blanks = read(tokenizer, f"[MASK] {long}[MASK]\n[MASK] {long}[MASK]", max_length=16)
    (row,) = blanks.token_ids.to_list()
    assert len(row) == 16
    first, lost, second, lost_too = blanks.positions.to_list()[0]
    assert (lost, lost_too) == (0, 0)
    assert [row[first], row[second]] == [tokenizer.mask_id] * 2
    assert first < second


@pytest.mark.parametrize("text", ["", " ", "\n", "[MASK]", "[MASK][MASK]\n[MASK]", "\xff[MASK]\0"])
def test_every_mask_has_a_position(tokenizer, text):
    blanks = read(tokenizer, text)
    (row,), (positions,) = blanks.token_ids.to_list(), blanks.positions.to_list()
    assert len(positions) == text.count("[MASK]")
    assert all(row[at] == tokenizer.mask_id for at in positions)


def test_no_rows(tokenizer):
    blanks = read_blanks(tf.constant([], tf.string), tokenizer, 16)
    assert blanks.token_ids.to_list() == blanks.positions.to_list() == []
