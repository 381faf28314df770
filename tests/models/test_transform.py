import pytest
import tensorflow as tf

from models.transform import preprocessing_fn
from schemas import features as keys

TASK = {"name": "classification", "labels": ["good", "bad"]}


@pytest.fixture
def transform(vocabulary, tmp_path):
    """Runs the function in a graph, as tf.Transform does; None is a row without the feature."""
    vocabulary_file = tmp_path / "spiece.model"
    vocabulary_file.write_bytes(vocabulary)
    config = {"task": TASK, "max_length": 8, "vocabulary_file": str(vocabulary_file)}

    def run(**inputs):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            outputs = preprocessing_fn({name: make() for name, make in inputs.items()}, config)
            session.run(tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.TABLE_INITIALIZERS))
            return session.run(outputs)

    return run


def sparse(values):
    present = [row for row, value in enumerate(values) if value is not None]
    return tf.SparseTensor(
        [[row, 0] for row in present], [values[row] for row in present], [len(values), 1]
    )


@pytest.mark.parametrize("shape", [[2], [2, 1]])
def test_dense_features_of_any_rank(transform, shape):
    outputs = transform(
        text=lambda: tf.constant(["a", "b c"], shape=shape),
        label_id=lambda: tf.constant([1, 0], tf.int64, shape=shape),
    )
    assert outputs[keys.LABEL_ID].tolist() == [1, 0]
    assert outputs[keys.TOKEN_IDS].dense_shape[0] == 2


def test_sparse_features_with_a_value_in_every_row(transform):
    outputs = transform(text=lambda: sparse(["a", "b"]), label_id=lambda: sparse([1, 0]))
    assert outputs[keys.LABEL_ID].tolist() == [1, 0]


def test_row_without_a_target_is_refused(transform):
    with pytest.raises(tf.errors.InvalidArgumentError, match="label_id must have one value"):
        transform(text=lambda: sparse(["a", "b"]), label_id=lambda: sparse([1, None]))


def test_feature_that_nobody_uses_may_be_missing(transform):
    outputs = transform(
        text=lambda: sparse(["a"]), label_id=lambda: sparse([1]), note=lambda: sparse([None, "x"])
    )
    assert set(outputs) == {keys.TOKEN_IDS, keys.SEGMENT_IDS, keys.LABEL_ID}


def test_ids_are_cut_to_max_length(transform):
    outputs = transform(text=lambda: sparse(["a b c " * 9]), label_id=lambda: sparse([1]))
    assert outputs[keys.TOKEN_IDS].values.dtype == "int64"
    assert len(outputs[keys.TOKEN_IDS].values) == 8
