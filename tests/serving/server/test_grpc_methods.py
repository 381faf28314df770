"""Classify, Regress, MultiInference, filters and deadlines over gRPC."""

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    regression_pb2,
)

from tests.serving.server.models import save_shared_input
from tests.serving.server.running import predict_request, serving
from tests.serving.server.test_grpc_api import refused

CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"


def example(x):
    feature = tf.train.Feature(float_list=tf.train.FloatList(value=[x]))
    return tf.train.Example(features=tf.train.Features(feature={"x": feature}))


def with_examples(request, values, signature=""):
    request.model_spec.name = "half"
    request.model_spec.signature_name = signature
    request.input.example_list.examples.extend(map(example, values))
    return request


def multi(*tasks, values=(2.0,)):
    request = inference_pb2.MultiInferenceRequest()
    request.input.example_list.examples.extend(map(example, values))
    for name, signature, method in tasks:
        request.tasks.add(
            model_spec={"name": name, "signature_name": signature}, method_name=method
        )
    return request


def test_classify(server):
    request = with_examples(classification_pb2.ClassificationRequest(), [1.0, 4.0], "classify")
    response = server.prediction.Classify(request)
    rows = [
        [(each.label, each.score) for each in row.classes]
        for row in response.result.classifications
    ]
    assert rows == [[("x", 1.0), ("half", 2.5)], [("x", 4.0), ("half", 4.0)]]
    assert response.model_spec.version.value == 1
    assert response.model_spec.signature_name == "classify"


def test_regress(server):
    request = with_examples(regression_pb2.RegressionRequest(), [1.0, 4.0], "regress")
    response = server.prediction.Regress(request)
    assert [each.value for each in response.result.regressions] == [2.5, 4.0]


def test_multi_inference_answers_several_signatures_at_once(tmp_path):
    save_shared_input(tmp_path / "shared")
    request = multi(("m", "regress", REGRESS), ("m", "classify", CLASSIFY))
    with serving(f"--model_base_path={tmp_path / 'shared'}", "--model_name=m") as server:
        first, second = server.prediction.MultiInference(request).results
    assert [each.value for each in first.regression_result.regressions] == [3.0]
    assert second.model_spec.signature_name == "classify"
    (row,) = second.classification_result.classifications
    assert [(each.label, each.score) for each in row.classes] == [("", 3.0)]


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (multi(), "INVALID_ARGUMENT", "at least one task"),
        (
            multi(("half", "regress", REGRESS), ("other", "classify", CLASSIFY)),
            "INVALID_ARGUMENT",
            "must access the same model name",
        ),
        (
            multi(("half", "regress", REGRESS), ("half", "regress", REGRESS)),
            "INVALID_ARGUMENT",
            "Duplicate evaluation of signature: regress",
        ),
        (multi(("half", "regress", "other")), "UNIMPLEMENTED", "Unsupported signature method_name"),
        (
            multi(("half", "regress", REGRESS), ("half", "classify", CLASSIFY)),
            "INVALID_ARGUMENT",
            "Input tensor must be the same for all Signatures.",
        ),
        (multi(("half", "s", REGRESS)), "INVALID_ARGUMENT", "No signature was found with the name"),
        (multi(("half", "regress", REGRESS), values=()), "INVALID_ARGUMENT", "Input is empty."),
    ],
)
def test_multi_inference_that_is_refused(server, request_, code, words):
    got, details = refused(server.prediction.MultiInference, request_)
    assert got is grpc.StatusCode[code]
    assert words in details


@pytest.mark.parametrize(
    ("values", "signature", "words"),
    [
        ([], "regress", "Input is empty."),
        ([1.0], "s", "No signature was found with the name: s"),
        ([1.0], "add", "No regression inputs found in SignatureDef: "),
        ([1.0], "classify", "No regression outputs found in SignatureDef: "),
    ],
)
def test_regress_that_is_refused(server, values, signature, words):
    request = with_examples(regression_pb2.RegressionRequest(), values, signature)
    code, details = refused(server.prediction.Regress, request)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith(words)
    assert len(details) <= 1024


def add_request(*output_filter):
    request = predict_request([1.5], key="a", signature_name="add")
    request.inputs["b"].CopyFrom(tf.make_tensor_proto([2], tf.int32))
    request.output_filter.extend(output_filter)
    return request


def test_an_output_filter_chooses(server):
    assert list(server.prediction.Predict(add_request("sum")).outputs) == ["sum"]
    outputs = server.prediction.Predict(add_request()).outputs
    assert sorted(outputs) == ["sum", "text", "text_bytes"]
    assert list(outputs["text"].string_val) == [b"2"]


@pytest.mark.parametrize(
    ("output_filter", "words"),
    [(["no"], "output tensor alias not found in signature: no"),
     (["sum", "sum"], "duplicate output tensor alias: sum")],
)  # fmt: skip
def test_a_bad_output_filter(server, output_filter, words):
    code, details = refused(server.prediction.Predict, add_request(*output_filter))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith(words)


def test_a_tensor_that_does_not_parse(server):
    request = predict_request([1.0])
    request.inputs["x"].tensor_shape.dim[0].size = 3
    request.inputs["x"].float_val[:] = [1.0, 2.0, 3.0, 4.0]
    request.inputs["x"].ClearField("tensor_content")
    code, details = refused(server.prediction.Predict, request)
    assert (code, details) == (grpc.StatusCode.INVALID_ARGUMENT, "tensor parsing error: x")


def test_a_body_of_64_mib(server):
    text = b"x" * (64 * 2**20)
    request = predict_request([text], dtype=tf.string, key="text", signature_name="echo")
    assert server.prediction.Predict(request, timeout=60).outputs["text"].string_val[0] == text


def test_a_client_that_leaves_and_a_deadline_that_passes(server):
    large = predict_request([0.5] * 2**18)
    assert refused(server.prediction.Predict, large, timeout=0.001)[0] is (
        grpc.StatusCode.DEADLINE_EXCEEDED
    )
    call = server.prediction.Predict.future(large)
    call.cancel()
    assert server.prediction.Predict(predict_request([1.0]), timeout=30)


@pytest.mark.parametrize(
    ("fields", "words"),
    [([], "must specify at least one metadata_field"), (["other"], "other is not supported")],
)
def test_metadata_that_there_is_not(server, fields, words):
    request = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec={"name": "half"}, metadata_field=fields
    )
    code, details = refused(server.prediction.GetModelMetadata, request)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert words in details


def test_status_of_an_unknown_model(server):
    request = get_model_status_pb2.GetModelStatusRequest(model_spec={"name": "no"})
    assert refused(server.model.GetModelStatus, request) == (
        grpc.StatusCode.NOT_FOUND,
        "Could not find any versions of model no",
    )
