"""JSON is read and written as the real server's RapidJSON does it."""

import base64
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.server.errors import Code, StatusError
from serving.server.json_document import parse_object
from serving.server.json_request import read_inputs
from serving.server.json_response import write_error, write_predictions
from serving.server.json_tensor import to_array

FLOATS = {"float": 32, "double": 64}
INTS = {
    "int8": (-128, 127),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (0, 255),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
SHAPES = st.lists(st.integers(0, 3), max_size=3)
NUMPY = {"float": "float32", "double": "float64", "string": "object"}


@st.composite
def tensors(draw):
    """An array of any dtype that has a JSON form, and TensorFlow's name of it."""
    dtype = draw(st.sampled_from([*FLOATS, *INTS, "bool", "string"]))
    if dtype in FLOATS:
        element = st.floats(width=FLOATS[dtype])
    elif dtype in INTS:
        element = st.integers(*INTS[dtype])
    else:
        element = st.booleans() if dtype == "bool" else st.binary(max_size=8)
    shape = draw(SHAPES)
    # What follows an empty dimension is not written.
    shape = shape[: shape.index(0) + 1] if 0 in shape else shape
    size = math.prod(shape)
    array = np.empty(size, dtype=NUMPY.get(dtype, dtype))
    array[:] = draw(st.lists(element, min_size=size, max_size=size))
    return array.reshape(shape), dtype


@given(tensors(), st.sampled_from(["x", "x_bytes"]))
def test_what_is_written_reads_back_the_same(tensor, name):
    array, dtype = tensor
    written = write_predictions({name: array}, as_rows=False)
    read = to_array(parse_object(written)["outputs"], dtype)
    assert read.dtype == array.dtype
    np.testing.assert_array_equal(read, array)


@given(st.lists(st.floats(width=32), min_size=1), st.lists(st.text(), min_size=1))
def test_rows_and_columns_say_the_same(numbers, texts):
    size = min(len(numbers), len(texts))
    outputs = {
        "a": np.array(numbers[:size], np.float32),
        "b": np.array([text.encode("utf-8", "surrogatepass") for text in texts[:size]], object),
    }
    rows = parse_object(write_predictions(outputs, as_rows=True))["predictions"]
    columns = parse_object(write_predictions(outputs, as_rows=False))["outputs"]
    assert repr([row["a"] for row in rows]) == repr(columns["a"])
    assert [row["b"] for row in rows] == columns["b"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["b64", "x", "y"]), inner, max_size=2)
    ),
    max_leaves=12,
)


@given(
    JSON, st.sampled_from(["instances", "inputs"]), st.sampled_from(["float", "string", "int32"])
)
def test_any_value_is_read_or_refused(value, key, dtype):
    try:
        values, _ = read_inputs({key: value}, {"x": dtype})
    except StatusError as error:
        assert error.code is Code.INVALID_ARGUMENT  # noqa: PT017 - most values are refused
    else:
        assert values["x"].dtype == NUMPY.get(dtype, dtype)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(body):
    try:
        assert isinstance(parse_object(body), dict)
    except StatusError as error:
        assert error.code is Code.INVALID_ARGUMENT  # noqa: PT017 - most bytes are no JSON


@pytest.mark.parametrize(
    ("value", "written"),
    [(3.0, "3.0"), (2.2, "2.2"), (1 / 3, "0.333333343"), (1e20, "1e+20"), (9e6, "9e+06"),
     (16777217.0, "16777216.0"), (math.nan, "NaN"), (-math.inf, "-Infinity"), (-0.0, "-0.0")],
)  # fmt: skip
def test_a_float_is_written_short_and_true(value, written):
    answer = write_predictions({"y": np.float32([value])}, as_rows=True)
    assert answer == b'{"predictions": [%s]}' % written.encode()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b" \n", "JSON Parse error: The document is empty"),
        (b"{", "JSON Parse error: Missing a name for object member. at offset: 1"),
        (b'{"a" 1}', "JSON Parse error: Missing a colon after a name"),
        (b'{"a": [1}', "JSON Parse error: Missing a comma or }"),
        (b'{"a": nope}', "JSON Parse error: Invalid value."),
        (b'{"a": 1}, 2', "JSON Parse error: The document root must not be followed by other"),
        (b'{"a": [1,]}', "JSON Parse error: "),
        (b'{"a": "', "JSON Parse error: Missing a closing quotation mark in string."),
        (b'{"a": 1e999}', "JSON Parse error: Number too big to be stored in double."),
        (b'{"a": %s}' % (b"9" * 400), "JSON Parse error: Number too big to be stored in double."),
        (b'{"a": "\\ud800"}', "JSON Parse error: The surrogate pair in string is invalid."),
        (b"[" * 100_000, "JSON Parse error: "),
        (b"[1]", "JSON Value: [1] Is not object"),
    ],
)
def test_a_body_that_is_no_json_object(body, words):
    with pytest.raises(StatusError) as caught:
        parse_object(body)
    assert caught.value.message.startswith(words)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": Inf}', math.inf),
        (b'{"a": -Infinity}', -math.inf),
        (b'{"a": "Inf"}', "Inf"),
        (b'{"a": ["say \\"Inf\\"", Inf]}', ['say "Inf"', math.inf]),
        (b'\xef\xbb\xbf{"a": "\\ud83d\\ude00"}', "\U0001f600"),
    ],
)
def test_what_python_would_not_read(body, value):
    assert parse_object(body)["a"] == value


def test_bytes_that_are_no_utf8_come_through():
    text = parse_object(b'{"a": ["\xff\xc3\xa9"]}')["a"]
    array = to_array(text, "string")
    assert array.tolist() == [b"\xff\xc3\xa9"]
    assert write_predictions({"y": array}, as_rows=False) == b'{"outputs": ["\xff\xc3\xa9"]}'


def b64(raw):
    return {"b64": base64.b64encode(raw).decode()}


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        ([1, 2.5], "float", [1.0, 2.5]),
        ([1e300], "float", [math.inf]),
        ([b64(b"\0\xff"), "a"], "string", [b"\0\xff", b"a"]),
        ({"b64": "AP8"}, "string", b"\0\xff"),
        (2.0, "float", 2.0),
        ([[], []], "int32", [[], []]),
        ([300], "uint8", [44]),
    ],
)
def test_values_that_are_taken(value, dtype, expected):
    assert to_array(value, dtype).tolist() == expected


WRONG_TYPE = "JSON Value: {} Type: {} is not of expected type: {}"


@pytest.mark.parametrize(
    ("value", "dtype", "words"),
    [
        ("a", "float", WRONG_TYPE.format('"a"', "String", "float")),
        ([None], "float", WRONG_TYPE.format("null", "Null", "float")),
        ([True], "float", WRONG_TYPE.format("true", "True", "float")),
        ([1.0], "int32", WRONG_TYPE.format("1.0", "Number", "int32")),
        ([2**31], "int32", WRONG_TYPE.format(2**31, "Number", "int32")),
        ([-1], "uint64", WRONG_TYPE.format(-1, "Number", "uint64")),
        ([1], "string", WRONG_TYPE.format(1, "Number", "string")),
        ([1], "bool", WRONG_TYPE.format(1, "Number", "bool")),
        ([b64(b"a")], "float", WRONG_TYPE.format('{"b64": "YQ=="}', "Object", "float")),
        ([{"b64": "!"}], "string", "Unable to base64 decode"),
        ([{"b": "a"}], "string", 'JSON Value: {"b": "a"} not formatted correctly for base64 data'),
        ([[1], [2, 3]], "float", "Encountered list at unexpected size: 2 at level: 1 "
         "expected size: 1"),
        ([1, [2]], "float", "Encountered list at unexpected level: 1 expected < 1"),
        ([[1], 2], "float", "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. "
         "Expected at level: 2"),
    ],
)  # fmt: skip
def test_values_that_are_refused(value, dtype, words):
    with pytest.raises(StatusError) as caught:
        to_array(value, dtype)
    assert (caught.value.code, caught.value.message) == (Code.INVALID_ARGUMENT, words)


def test_a_dtype_without_a_json_form():
    with pytest.raises(StatusError, match="Conversion of JSON Value: 1 to type: half") as caught:
        read_inputs({"inputs": [1]}, {"x": "half"})
    assert caught.value.code is Code.UNIMPLEMENTED
    with pytest.raises(
        StatusError, match=r"Failed to process element: 0 .* to type: half"
    ) as caught:
        read_inputs({"instances": [1]}, {"x": "half"})
    assert caught.value.code is Code.INVALID_ARGUMENT


ONE = {"x": "float"}
TWO = {"a": "float", "b": "float"}


@pytest.mark.parametrize(
    ("document", "dtypes", "words"),
    [
        ({}, ONE, "Missing 'inputs' or 'instances' key"),
        ({"inputs": 1, "instances": [1]}, ONE, "Not formatted correctly expecting only one of"),
        ({"instances": []}, ONE, "No values in 'instances' array"),
        ({"instances": 1.0}, ONE, "Expecting 'instances' to be an list/array"),
        ({"instances": None}, ONE, "Expecting 'instances' to be an list/array"),
        ({"instances": [[1], [1, 2]]}, ONE, "element: 1 of .* Expecting tensor size: 1 but got: 2"),
        ({"instances": [[[1, 2]], [[1], [2]]]}, ONE, r"Expecting shape \[1,2\] but got: \[2,1\]"),
        ({"instances": [{"x": 1}, 2]}, ONE, "Expecting object but got list at item 1 of input"),
        ({"instances": [1, {"x": 1}]}, ONE, "Expecting value/list but got object at item 1 of"),
        ({"instances": [{"z": 1}]}, ONE, "key: z of .* does not have named input: z"),
        ({"instances": [{"a": 1}]}, TWO, "keys must be equal to: a,b"),
        ({"instances": [1]}, TWO, "as multiple input tensors required"),
        ({"inputs": [1]}, TWO, "as multiple input tensors required"),
        ({"inputs": {"a": [1]}}, TWO, "Missing named input: b in 'inputs' object."),
    ],
)
def test_requests_that_are_refused(document, dtypes, words):
    with pytest.raises(StatusError, match=words) as caught:
        read_inputs(document, dtypes)
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_a_column_too_many_is_ignored():
    values, as_rows = read_inputs({"inputs": {"x": [1], "z": 2}}, ONE)
    assert (values["x"].tolist(), as_rows) == ([1.0], False)


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({"t": np.float32(1)}, "Tensor name: t has no shape information"),
        ({"a": np.zeros(1), "b": np.zeros(2)}, "b has inconsistent batch size: 2 expecting: 1"),
        ({"h": np.zeros(1, np.float16)}, "Failed to write JSON value for tensor type: half"),
    ],
)
def test_outputs_that_have_no_rows(outputs, words):
    with pytest.raises(StatusError, match=words):
        write_predictions(outputs, as_rows=True)


def test_an_empty_batch_has_no_rows():
    assert write_predictions({"y": np.zeros((0, 2))}, as_rows=True) == b'{"predictions": []}'


@given(st.text())
def test_any_message_makes_an_error_of_one_key(message):
    sent = json.loads(write_error(message).decode("utf-8"))
    assert list(sent) == ["error"]
