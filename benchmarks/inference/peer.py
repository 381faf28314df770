"""The peers of the inference benchmark: a transformers pipeline, and ONNX Runtime.

`transformers-float32` and `transformers-bfloat16` are text-classification pipelines with the
pipeline's own batching; `onnx-float32` is the same model exported by PyTorch, `onnx-int8` that
after dynamic quantization, both with the fast tokenizer and padding to the longest text.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
import transformers
from onnxruntime.quantization import QuantType, quantize_dynamic

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.inference.workload import LABELS, TRANSFORMERS_FOLDER, Ask, serve

THREADS = 2
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def main(folder: Path, name: str) -> None:
    """Answers requests as the peer called `name`."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(THREADS)
    library, _, precision = name.partition("-")
    source = str(folder / TRANSFORMERS_FOLDER)
    tokenizer = transformers.AutoTokenizer.from_pretrained(source)
    if not tokenizer.is_fast:
        raise SystemExit("the peer must have its fast tokenizer")
    if library == "transformers":
        ask = _pipeline(source, tokenizer, getattr(torch, precision))
        versions = f"transformers {transformers.__version__}, PyTorch {torch.__version__}"
    else:
        ask = _onnx(source, tokenizer, precision)
        versions = f"ONNX Runtime {onnxruntime.__version__}"
    serve(folder, ask, versions)


def _pipeline(source: str, tokenizer: Any, dtype: torch.dtype) -> Ask:
    classify = transformers.pipeline(
        "text-classification", model=source, tokenizer=tokenizer, dtype=dtype, device="cpu"
    )

    def ask(texts: Sequence[str], batch_size: int) -> list[float]:
        answers = classify(list(texts), batch_size=batch_size)
        return [
            one["score"] if one["label"] == LABELS[1] else 1.0 - one["score"] for one in answers
        ]

    return ask


def _onnx(source: str, tokenizer: Any, precision: str) -> Ask:
    session = _session(source, precision)

    def ask(texts: Sequence[str], batch_size: int) -> list[float]:
        answers: list[float] = []
        for start in range(0, len(texts), batch_size):
            batch = list(texts[start : start + batch_size])
            inputs = tokenizer(
                batch,
                padding=True,
                truncation=True,
                return_token_type_ids=True,
                return_tensors="np",
            )
            (logits,) = session.run(None, {key: inputs[key] for key in _INPUTS})
            exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
            answers += (exponentials[:, 1] / exponentials.sum(axis=1)).tolist()
        return answers

    return ask


def _session(source: str, precision: str) -> onnxruntime.InferenceSession:
    model = transformers.AutoModelForSequenceClassification.from_pretrained(source).eval()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    with tempfile.TemporaryDirectory() as work_dir:
        path = Path(work_dir, "model.onnx")
        example = torch.ones(2, 8, dtype=torch.int64)
        torch.onnx.export(
            model,
            (example, example, torch.zeros_like(example)),
            str(path),
            input_names=list(_INPUTS),
            output_names=["logits"],
            dynamic_axes={name: {0: "batch", 1: "length"} for name in _INPUTS},
            opset_version=17,
            dynamo=False,
        )
        if precision == "int8":
            quantized = path.with_name("int8.onnx")
            quantize_dynamic(path, quantized, weight_type=QuantType.QInt8)
            path = quantized
        return onnxruntime.InferenceSession(str(path), options)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
