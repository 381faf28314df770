import numpy as np
import pytest
import tensorflow as tf

from models.tagging.training import NO_TAG, EntityF1, TagCrossEntropy


def logits(tags, sure=20.0):
    return sure * tf.one_hot(tags, 5)


def test_loss_of_a_row_is_the_mean_over_its_words():
    targets = [[1, NO_TAG, 0], [2, NO_TAG, NO_TAG], [NO_TAG] * 3]
    values = tf.random.stateless_normal([3, 3, 5], seed=[1, 2])
    each = -tf.nn.log_softmax(values).numpy()
    expected = [(each[0, 0, 1] + each[0, 2, 0]) / 2, each[1, 0, 2], 0.0]
    np.testing.assert_allclose(
        TagCrossEntropy().call(tf.constant(targets), values), expected, rtol=1e-5
    )
    mean = float(TagCrossEntropy()(tf.constant(targets), values))
    assert mean == pytest.approx(np.mean(expected), rel=1e-5)


def test_a_row_of_weight_zero_does_not_count_in_the_loss():
    targets = tf.constant([[1, 0], [2, 0]])
    wrong = tf.concat([logits([[1, 0]]), logits([[0, 2]])], axis=0)
    assert TagCrossEntropy()(targets, wrong, sample_weight=tf.constant([1.0, 0.0])) < 1e-3


def f1(*batches, weights=None):
    metric = EntityF1()
    for targets, tags in batches:
        metric.update_state(tf.constant(targets), logits(tags), sample_weight=weights)
    return float(metric.result())


def test_f1_counts_exact_entities():
    # Wanted: words 0 to 1, word 3. Received: words 0 to 1, word 2 to 3.
    assert f1(([[1, NO_TAG, 2, 0, 3]], [[1, 4, 2, 3, 4]])) == 0.5


def test_f1_of_several_batches_is_that_of_all_rows():
    assert f1(([[1, 0]], [[1, 0]]), ([[1, 3]], [[0, 0]])) == pytest.approx(2 * 1 / (3 + 1))


def test_f1_without_entities_is_zero():
    assert f1(([[0, 0]], [[0, 0]])) == 0.0
    assert f1(([[NO_TAG, NO_TAG]], [[1, 1]])) == 0.0


def test_an_entity_does_not_go_over_rows():
    assert f1(([[1, NO_TAG], [0, NO_TAG]], [[1, 0], [2, 0]])) == pytest.approx(2 / 3)


def test_filler_rows_do_not_count_in_f1():
    assert f1(([[1, 0], [1, 0]], [[1, 0], [0, 0]]), weights=tf.constant([1.0, 0.0])) == 1.0
