import itertools

import pytest
import tensorflow as tf

from models.packing import pack, pad
from schemas import features as keys

CLS, SEP = 101, 102
PAD = 7


def ragged(rows):
    return tf.ragged.constant(rows, dtype=tf.int32, ragged_rank=1)


def packed(*sequences, max_length=16):
    inputs = pack(*map(ragged, sequences), cls_id=CLS, sep_id=SEP, max_length=max_length)
    return {name: value.to_list() for name, value in inputs.items()}


def truncated(first, second, budget):
    """`_truncate_seq_pair` of google-research/albert: cuts the longer one, the second in a tie."""
    first, second = list(first), list(second)
    while len(first) + len(second) > budget:
        (first if len(first) > len(second) else second).pop()
    return first, second


def test_one_sequence():
    assert packed([[1, 2], [], [3]]) == {
        keys.TOKEN_IDS: [[CLS, 1, 2, SEP], [CLS, SEP], [CLS, 3, SEP]],
        keys.SEGMENT_IDS: [[0] * 4, [0] * 2, [0] * 3],
    }


def test_two_sequences():
    assert packed([[1, 2], []], [[3], [4]]) == {
        keys.TOKEN_IDS: [[CLS, 1, 2, SEP, 3, SEP], [CLS, SEP, 4, SEP]],
        keys.SEGMENT_IDS: [[0, 0, 0, 0, 1, 1], [0, 0, 1, 1]],
    }


def test_long_sequence_keeps_its_start():
    assert packed([[1, 2, 3, 4]], max_length=5)[keys.TOKEN_IDS] == [[CLS, 1, 2, 3, SEP]]


@pytest.mark.parametrize("max_length", [8, 9, 13])
def test_long_pairs_are_cut_as_in_the_original(max_length):
    pairs = [
        (list(range(1, 1 + first)), list(range(50, 50 + second)))
        for first, second in itertools.product(range(12), repeat=2)
    ]
    expected = []
    for pair in pairs:
        first, second = truncated(*pair, max_length - 3)
        expected.append([CLS, *first, SEP, *second, SEP])
    first, second = zip(*pairs, strict=True)
    assert packed(first, second, max_length=max_length)[keys.TOKEN_IDS] == expected


def test_padding_to_the_longest_of_the_batch():
    inputs = {
        keys.TOKEN_IDS: ragged([[CLS, 1, SEP], [CLS, SEP]]),
        keys.SEGMENT_IDS: ragged([[0, 0, 1], [0, 1]]),
    }
    assert {name: value.numpy().tolist() for name, value in pad(inputs, pad_id=PAD).items()} == {
        keys.TOKEN_IDS: [[CLS, 1, SEP], [CLS, SEP, PAD]],
        keys.SEGMENT_IDS: [[0, 0, 1], [0, 1, 0]],
        keys.PADDING_MASK: [[1, 1, 1], [1, 1, 0]],
    }


def test_padded_inputs_are_int32_whatever_was_stored():
    stored = tf.cast(ragged([[1, 2]]), tf.int64)
    padded = pad({keys.TOKEN_IDS: stored, keys.SEGMENT_IDS: stored})
    assert {value.dtype for value in padded.values()} == {tf.int32}


def test_empty_batch_has_a_length():
    padded = pad(pack(ragged([]), cls_id=CLS, sep_id=SEP, max_length=8))
    assert {tuple(value.shape) for value in padded.values()} == {(0, 1)}


def test_packing_in_a_graph_of_unknown_batch_size():
    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)])
    def run(tokens):
        return pad(pack(tokens, tokens, cls_id=CLS, sep_id=SEP, max_length=8))

    assert run(ragged([[1], [2, 3]]))[keys.TOKEN_IDS].shape == (2, 7)
