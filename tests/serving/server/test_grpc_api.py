"""The gRPC face answers as the contract of TensorFlow Serving has it."""

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, predict_pb2

from tests.serving.server.running import predict_request


def refused(call, request, **options):
    with pytest.raises(grpc.RpcError) as caught:
        call(request, **options)
    return caught.value.code(), caught.value.details()


def test_predict_answers_with_values_and_who_answered(server):
    response = server.prediction.Predict(predict_request([1.0, 2.0]))
    assert list(response.outputs["y"].float_val) == [2.5, 3.0]
    assert [dim.size for dim in response.outputs["y"].tensor_shape.dim] == [2]
    assert response.model_spec.name == "half"
    assert response.model_spec.version.value == 1
    assert response.model_spec.signature_name == "serving_default"


@pytest.mark.parametrize(("values", "shape"), [(3.0, []), ([[1.0]], [1, 1]), ([], [0])])
def test_the_static_shape_of_a_signature_is_not_enforced(server, values, shape):
    tensor = server.prediction.Predict(predict_request(values)).outputs["y"]
    assert [dim.size for dim in tensor.tensor_shape.dim] == shape


def test_status_and_metadata(server):
    status = server.model.GetModelStatus(
        get_model_status_pb2.GetModelStatusRequest(model_spec={"name": "half"})
    )
    states = [(each.version, each.state) for each in status.model_version_status]
    assert states == [(1, get_model_status_pb2.ModelVersionStatus.AVAILABLE)]
    metadata = server.prediction.GetModelMetadata(
        get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec={"name": "half"}, metadata_field=["signature_def"]
        )
    )
    signatures = get_model_metadata_pb2.SignatureDefMap()
    metadata.metadata["signature_def"].Unpack(signatures)
    assert signatures.signature_def["serving_default"].inputs["x"].dtype == tf.float32
    assert "__saved_model_init_op" in signatures.signature_def


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (predict_pb2.PredictRequest(), "INVALID_ARGUMENT", "Missing ModelSpec"),
        (predict_request([1.0], name=""), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (
            predict_request([1.0], name="no"),
            "NOT_FOUND",
            "Servable not found for request: Latest(no)",
        ),
        (
            predict_request([1.0], version=7),
            "NOT_FOUND",
            "Servable not found for request: Specific(half, 7)",
        ),
        (
            predict_request([1.0], version_label="L"),
            "INVALID_ARGUMENT",
            "Unrecognized servable version label: L",
        ),
        (
            predict_request([1.0], signature_name="s"),
            "FAILED_PRECONDITION",
            'Serving signature key "s" not found.',
        ),
        (
            predict_request([1.0], key="z"),
            "INVALID_ARGUMENT",
            "input tensor alias not found in signature: z. Inputs expected to be in the set {x}.",
        ),
        (
            predict_request([1.0], signature_name="add", key="z"),
            "INVALID_ARGUMENT",
            "input size does not match signature: 1!=2 len({z}) != len({a,b}). "
            "Sent extra: {z}. Missing but required: {a,b}.",
        ),
        (
            predict_request(["a"], dtype=tf.string),
            "INVALID_ARGUMENT",
            "Expects arg[0] to be float but string is provided",
        ),
        (
            predict_request([1], dtype=tf.int32),
            "INVALID_ARGUMENT",
            "Expects arg[0] to be float but int32 is provided",
        ),
    ],
)
def test_a_bad_predict_request_is_refused_in_the_real_words(server, request_, code, words):
    assert refused(server.prediction.Predict, request_) == (grpc.StatusCode[code], words)
