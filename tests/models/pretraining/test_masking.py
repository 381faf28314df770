import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from models.pretraining.masking import NO_TARGET, SPAN_SHARES, SpecialPieces, mask_words

PAD, UNK, CLS, SEP, MASK = range(5)
SIZE = 1000
SPECIAL = SpecialPieces(CLS, SEP, MASK, PAD, SIZE)

# A word is a list of pieces; a row is one or two segments of words.
words = st.lists(st.integers(5, SIZE - 1), min_size=1, max_size=4)
segments = st.lists(words, max_size=12)
rows = st.lists(st.lists(segments, min_size=1, max_size=2), min_size=1, max_size=4)


def batch_of(rows):
    """Padded ids, and where words start, as segments between special pieces."""
    ids, starts = [], []
    for row in rows:
        row_ids, row_starts = [CLS], [False]
        for segment in row:
            for word in segment:
                row_ids += word
                row_starts += [True] + [False] * (len(word) - 1)
            row_ids.append(SEP)
            row_starts.append(False)
        ids.append(row_ids)
        starts.append(row_starts)
    length = max(map(len, ids))
    padded_ids = [row + [PAD] * (length - len(row)) for row in ids]
    padded_starts = [row + [False] * (length - len(row)) for row in starts]
    return np.array(padded_ids, np.int32), np.array(padded_starts)


def masked(ids, starts, seed=0, *, max_predictions=20):
    batch = mask_words(
        tf.constant(ids),
        tf.constant(starts),
        SPECIAL,
        seed=tf.constant([seed, 7], tf.int64),
        max_predictions=max_predictions,
    )
    return [tensor.numpy() for tensor in batch]


def long_batch(num_rows=200, num_words=100, pieces=1):
    generator = np.random.default_rng(0)
    return batch_of(
        [[generator.integers(5, SIZE, (num_words, pieces)).tolist()] for _ in range(num_rows)]
    )


@given(rows, st.integers(0, 2**31), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_what_is_hidden_is_whole_words_and_told_in_the_targets(rows, seed, max_predictions):
    ids, starts = batch_of(rows)
    token_ids, positions, targets = masked(ids, starts, seed, max_predictions=max_predictions)
    for row in range(len(rows)):
        known = targets[row] != NO_TARGET
        at = positions[row][known]
        assert (np.diff(at) > 0).all()
        assert (targets[row][known] == ids[row][at]).all()
        assert not np.isin(ids[row][at], [CLS, SEP, PAD]).any()
        others = np.setdiff1d(np.arange(ids.shape[1]), at)
        assert (token_ids[row][others] == ids[row][others]).all()
        assert not np.isin(token_ids[row][at], [CLS, SEP, PAD]).any()
        assert whole_words(ids[row], starts[row], at)
        num_pieces = np.isin(ids[row], [CLS, SEP, PAD], invert=True).sum()
        assert len(at) <= np.clip(round(num_pieces * 0.15), 1, max_predictions)


@pytest.mark.parametrize(("max_predictions", "expected"), [(None, 75), (20, 20)])
def test_15_percent_of_a_long_row_are_hidden_unless_there_is_a_limit(max_predictions, expected):
    ids, starts = long_batch(num_rows=4, num_words=500)
    targets = masked(ids, starts, max_predictions=max_predictions)[2]
    assert ((targets != NO_TARGET).sum(axis=1) == expected).all()


def whole_words(ids, starts, chosen):
    """Whether for every hidden piece all of its word is hidden."""
    hidden = np.isin(np.arange(len(ids)), chosen)
    same_word = ~starts[1:] & (ids[1:] != SEP) & (ids[1:] != PAD) & (ids[:-1] != CLS)
    same_word &= ids[:-1] != SEP
    return (hidden[1:] == hidden[:-1])[same_word].all()


def test_shares():
    ids, starts = long_batch()
    token_ids, positions, targets = masked(ids, starts)
    assert (targets != NO_TARGET).all()
    assert targets.shape == (200, 15)
    seen = np.take_along_axis(token_ids, positions, axis=1)
    assert (seen == MASK).mean() == pytest.approx(0.8, abs=0.02)
    assert (seen == targets).mean() == pytest.approx(0.1, abs=0.02)
    random = seen[(seen != MASK) & (seen != targets)]
    assert len(np.unique(random)) > 200
    assert random.mean() == pytest.approx(SIZE / 2, rel=0.1)


def test_spans_of_n_words_are_as_frequent_as_one_in_n():
    ids, starts = long_batch(400, 300)
    # Few of many words, so that two spans hardly ever touch.
    _, positions, _ = masked(ids, starts, max_predictions=9)
    lengths = np.concatenate([run_lengths(row) for row in positions])
    shares = [(lengths == length).mean() for length in (1, 2, 3)]
    assert shares == pytest.approx(SPAN_SHARES, abs=0.04)


def run_lengths(positions):
    breaks = np.flatnonzero(np.diff(positions) > 1)
    return np.diff(np.concatenate([[-1], breaks, [len(positions) - 1]]))


def test_every_place_is_hidden_equally_often():
    ids, starts = (np.repeat(values, 600, axis=0) for values in long_batch(1, 40))
    counts = np.bincount(masked(ids, starts)[1].ravel(), minlength=42)[1:-1]
    assert counts.mean() == pytest.approx(0.15 * 600, rel=0.01)
    assert counts.std() < 2.0 * np.sqrt(0.15 * 0.85 * 600)


def test_fifteen_percent_of_words_of_several_pieces():
    ids, starts = long_batch(200, 40, pieces=3)
    _, _, targets = masked(ids, starts)
    assert (targets != NO_TARGET).sum() / (200 * 120) == pytest.approx(0.15, abs=0.001)


def test_the_same_seed_hides_the_same_and_another_something_else():
    ids, starts = long_batch(8)
    first, again, other = (masked(ids, starts, seed) for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert (first[1] != other[1]).any(axis=1).all()


def test_rows_without_a_word_have_nothing_to_tell():
    ids, starts = batch_of([[[]], [[], []]])
    token_ids, positions, targets = masked(ids, starts)
    assert (token_ids == ids).all()
    assert positions.tolist() == [[0], [0]]
    assert targets.tolist() == [[NO_TARGET], [NO_TARGET]]


def test_a_word_longer_than_the_share_of_its_row_is_not_hidden():
    ids, starts = batch_of([[[[10, 11, 12], [13]]]])
    for seed in range(10):
        assert masked(ids, starts, seed)[2].tolist() == [[13]]
