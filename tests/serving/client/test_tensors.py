"""Tensors are read as TensorFlow writes them, and written as TensorFlow reads them."""

import numpy as np
import pytest
import tensorflow as tf

from serving.client.errors import AnswerError
from serving.client.tensors import shortest, tensor_values, text_tensor
from serving.client.wire import Tensor


def received(proto):
    return tensor_values(Tensor.FromString(proto.SerializeToString()))


@pytest.mark.parametrize(
    "dtype",
    [
        "float32",
        "float64",
        "int8",
        "uint8",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "uint64",
    ],
)
def test_numbers_are_read_in_both_encodings(dtype):
    value = np.array([[1, 2, 3], [4, 5, 6]], dtype)
    fields = tf.make_tensor_proto(1, dtype, [1, 1])
    packed = type(fields)(
        dtype=fields.dtype,
        tensor_shape=tf.TensorShape(value.shape).as_proto(),
        tensor_content=value.tobytes(),
    )
    assert received(packed) == value.tolist()
    assert received(fields) == [[1]]


def test_flags_and_texts_are_read():
    assert received(tf.make_tensor_proto([True, False])) == [True, False]
    assert received(tf.make_tensor_proto([["é", "b"]])) == [["é", "b"]]
    assert received(tf.make_tensor_proto([b"\xff"])) == [b"\xff"]


@pytest.mark.parametrize("shape", [[], [3], [2, 2], [0], [2, 0]])
def test_a_tensor_that_repeats_one_value_is_read_whole(shape):
    value = np.full(shape, 2.5, np.float32)
    assert received(tf.make_tensor_proto(2.5, tf.float32, shape)) == value.tolist()


def test_a_tensor_of_too_many_values_is_refused():
    tensor = Tensor(dtype=1, float_val=[1.0, 2.0])
    with pytest.raises(AnswerError, match=r"the shape \[\] came with 2 values"):
        tensor_values(tensor)


def test_a_dtype_that_no_answer_has_is_refused():
    with pytest.raises(AnswerError, match="received dtype 8"):
        received(tf.make_tensor_proto(1j, tf.complex64))


def test_texts_are_written_as_tensorflow_reads_them():
    proto = tf.make_tensor_proto(["x"])
    proto.ParseFromString(text_tensor(["", "é"]).SerializeToString())
    assert tf.make_ndarray(proto).tolist() == [b"", "é".encode()]


def test_a_float_is_as_short_as_it_round_trips():
    values = np.random.default_rng(0).standard_normal(500).astype(np.float32)
    values = np.append(values, np.array([3.4028235e38, 1.1754944e-38, 0.0, np.inf], np.float32))
    for value in values:
        assert np.float32(shortest(float(value))) == value
        assert len(repr(shortest(float(value)))) <= len(str(value)) + 4
