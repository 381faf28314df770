"""The messages that the gateway looks into, with no more fields than it needs.

What is not named is carried along as it came: a request is sent on with its model spec changed and
the rest untouched. A message that the log only stores is declared as bytes, which is the same on
the wire.
"""

from typing import Any

from serving.client.wire import MESSAGES, message_classes

_CLASSES = message_classes(
    {
        **{name: MESSAGES[name] for name in ("Int64Value", "ModelSpec")},
        "Envelope": {"model_spec": (1, "ModelSpec")},
        "InferenceTask": {"model_spec": (1, "ModelSpec")},
        "MultiInferenceRequest": {"tasks": (1, "repeated InferenceTask")},
        "SamplingConfig": {"sampling_rate": (1, "double")},
        "LogMetadata": {
            "model_spec": (1, "ModelSpec"),
            "sampling_config": (2, "SamplingConfig"),
            "timestamp_secs": (4, "int64"),
        },
        "Exchange": {"request": (1, "bytes"), "response": (2, "bytes")},
        "PredictionLog": {
            "log_metadata": (1, "LogMetadata"),
            "classify_log": (2, "Exchange"),
            "regress_log": (3, "Exchange"),
            "multi_inference_log": (4, "Exchange"),
            "predict_log": (6, "Exchange"),
        },
    }
)

Envelope: Any = _CLASSES["Envelope"]
"""PredictRequest, ClassificationRequest, RegressionRequest, GetModelMetadataRequest and so on."""
MultiInferenceRequest: Any = _CLASSES["MultiInferenceRequest"]
PredictionLog: Any = _CLASSES["PredictionLog"]
