"""Pieces are those of the slow AlbertTokenizer of transformers 4; see docs/tokens.md for 5."""

import itertools
import json
from pathlib import Path

import pytest
import sentencepiece
import tensorflow as tf

from models.tokenizer import AlbertTokenizer

HERE = Path(__file__).resolve().parent
ROWS = json.loads((HERE / "tokens.json").read_text("utf-8"))
SLOW, FIVE = "transformers 4", "transformers 5"
SPELLED_OUT = ("[CLS] film [SEP]", "<pad> <unk>")
"""Texts that spell special pieces: there they become the special ids, here they do not."""


@pytest.fixture(scope="module")
def pieces():
    model = (HERE / "spiece.model").read_bytes()
    tokenizer = AlbertTokenizer(model)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)

    def split(text):
        (ids,) = tokenizer(tf.constant([text.encode()])).to_list()
        return [processor.id_to_piece(one) for one in ids]

    return split


@pytest.mark.parametrize("row", [row for row in ROWS if row["text"] not in SPELLED_OUT], ids=ascii)
def test_pieces_are_those_of_transformers_4(row, pieces):
    assert pieces(row["text"]) == row[SLOW]


@pytest.mark.parametrize("text", SPELLED_OUT)
def test_spelled_out_special_pieces_are_text_here(text, pieces):
    (row,) = [row for row in ROWS if row["text"] == text]
    special = {"[CLS]", "[SEP]", "[MASK]", "<pad>"}
    assert special & set(row[SLOW])
    assert not special & set(pieces(text))


@pytest.mark.parametrize(
    ("text", "difference"),
    [
        ("a film .", ("▁", ".")),  # no word start before a user-defined piece
        ("(perhaps)", ("▁", "(")),
        ("10, x9, 2,5,", ("0", ",")),  # no rule for a digit and a comma
    ],
)
def test_documented_differences_of_transformers_5(text, difference, pieces):
    (row,) = [row for row in ROWS if row["text"] == text]

    def pairs(split):
        return set(itertools.pairwise(split))

    assert difference in pairs(pieces(text)) - pairs(row[FIVE])
