"""The one table of tensor names: KerasHub's variables, transformers' and the original's TF1 names.

KerasHub keeps attention kernels by head, `(hidden, heads, head)`; transformers keeps every kernel
transposed, `(out, in)`; the original keeps matrices, `(in, out)`, but for the last layers of its
classifiers. A `NamedTensor` knows all three, in both directions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.weights.architecture import Architecture

HUGGING_FACE_PREFIX = "albert."
TF1_PREFIX = "bert/"
MLM, SOP, CLASSIFIER = "mlm", "sop", "classifier"
"""Heads that checkpoints bring: masked words, order of sentences, a fine-tuned classifier."""


@dataclass(frozen=True)
class NamedTensor:
    """One tensor by its names.

    Attributes:
      variable: Path of KerasHub's variable; that of a head's starts with the head's name.
      hugging_face: Name in transformers, without `albert.`.
      tf1: Name in the original, without `bert/`.
      shape: Shape in KerasHub.
      matrix: The same without heads: `(in, out)` of a kernel.
      is_kernel: Whether transformers keeps it transposed.
      is_tf1_transposed: Whether the original does so too.
    """

    variable: str
    hugging_face: str
    tf1: str
    shape: tuple[int, ...]
    matrix: tuple[int, ...]
    is_kernel: bool = False
    is_tf1_transposed: bool = False

    @property
    def hugging_face_shape(self) -> tuple[int, ...]:
        """Shape in transformers."""
        return self.matrix[::-1] if self.is_kernel else self.matrix

    @property
    def tf1_shape(self) -> tuple[int, ...]:
        """Shape in the original."""
        return self.matrix[::-1] if self.is_tf1_transposed else self.matrix

    def from_hugging_face(self, value: np.ndarray) -> np.ndarray:
        """Returns transformers' tensor (or its gradient) as KerasHub's."""
        return (value.T if self.is_kernel else value).reshape(self.shape)

    def to_hugging_face(self, value: np.ndarray) -> np.ndarray:
        """Returns KerasHub's tensor as transformers', in one piece of memory."""
        matrix = value.reshape(self.matrix)
        return np.ascontiguousarray(matrix.T if self.is_kernel else matrix)

    def from_tf1(self, value: np.ndarray) -> np.ndarray:
        """Returns the original's tensor as KerasHub's."""
        return (value.T if self.is_tf1_transposed else value).reshape(self.shape)


def backbone_tensors(size: Architecture) -> list[NamedTensor]:
    """Returns every tensor of the backbone but the pooler's."""
    return [*_embedding_tensors(size), *_layer_tensors(size)]


def pooler_tensors(size: Architecture) -> list[NamedTensor]:
    """Returns the pooler's tensors, which models for masked words come without."""
    return _dense("pooled_dense", "pooler", "pooler/dense", size.hidden_dim, size.hidden_dim)


def head_tensors(head: str, size: Architecture, num_outputs: int) -> list[NamedTensor]:
    """Returns the tensors of a head.

    Args:
      head: `MLM`, `SOP` or `CLASSIFIER`.
      size: The backbone's.
      num_outputs: Outputs of a classifier; the other heads have their own number.
    """
    if head == MLM:
        return [
            *_dense(
                "mlm/dense",
                "predictions.dense",
                "cls/predictions/transform/dense",
                size.hidden_dim,
                size.embedding_dim,
            ),
            *_layer_norm(
                "mlm/layer_norm",
                "predictions.LayerNorm",
                "cls/predictions/transform/LayerNorm",
                size.embedding_dim,
            ),
            NamedTensor(
                "mlm/output_bias",
                "predictions.bias",
                "cls/predictions/output_bias",
                (size.vocabulary_size,),
                (size.vocabulary_size,),
            ),
        ]
    theirs, tf1 = {
        SOP: ("sop_classifier.classifier", "cls/seq_relationship/output"),
        CLASSIFIER: ("classifier", "output"),
    }[head]
    matrix = (size.hidden_dim, num_outputs)
    return [
        NamedTensor(
            f"{head}/kernel",
            f"{theirs}.weight",
            f"{tf1}_weights",
            matrix,
            matrix,
            is_kernel=True,
            is_tf1_transposed=True,
        ),
        NamedTensor(
            f"{head}/bias", f"{theirs}.bias", f"{tf1}_bias", (num_outputs,), (num_outputs,)
        ),
    ]


def _embedding_tensors(size: Architecture) -> Iterator[NamedTensor]:
    for variable, name, rows in (
        ("token_embedding/embeddings", "word_embeddings", size.vocabulary_size),
        ("position_embedding/embeddings", "position_embeddings", size.max_positions),
        ("segment_embedding/embeddings", "token_type_embeddings", size.num_segments),
    ):
        shape = (rows, size.embedding_dim)
        yield NamedTensor(variable, f"embeddings.{name}.weight", f"embeddings/{name}", shape, shape)
    yield from _layer_norm(
        "embeddings_layer_norm",
        "embeddings.LayerNorm",
        "embeddings/LayerNorm",
        size.embedding_dim,
    )
    yield from _dense(
        "embedding_projection",
        "encoder.embedding_hidden_mapping_in",
        "encoder/embedding_hidden_mapping_in",
        size.embedding_dim,
        size.hidden_dim,
    )


def _layer_tensors(size: Architecture) -> Iterator[NamedTensor]:
    hidden, inner = size.hidden_dim, size.intermediate_dim
    for group in range(size.num_groups):
        for layer in range(size.num_inner_repetitions):
            ours = f"group_{group}_inner_layer_{layer}"
            theirs = f"encoder.albert_layer_groups.{group}.albert_layers.{layer}"
            tf1 = f"encoder/transformer/group_{group}/inner_group_{layer}"
            yield from _attention(ours, theirs, tf1, hidden, size.num_heads)
            for norm, name, tf1_name in (
                ("self_attention_layer_norm", "attention.LayerNorm", "LayerNorm"),
                ("feedforward_layer_norm", "full_layer_layer_norm", "LayerNorm_1"),
            ):
                yield from _layer_norm(
                    f"{ours}/{norm}", f"{theirs}.{name}", f"{tf1}/{tf1_name}", hidden
                )
            for dense, name, tf1_name, inputs, outputs in (
                ("intermediate", "ffn", "intermediate", hidden, inner),
                ("output", "ffn_output", "intermediate/output", inner, hidden),
            ):
                yield from _dense(
                    f"{ours}/feedforward_{dense}_dense",
                    f"{theirs}.{name}",
                    f"{tf1}/ffn_1/{tf1_name}/dense",
                    inputs,
                    outputs,
                )


def _attention(
    ours: str, theirs: str, tf1: str, hidden: int, num_heads: int
) -> Iterator[NamedTensor]:
    by_head = (num_heads, hidden // num_heads)
    for name in ("query", "key", "value"):
        yield from _dense(
            f"{ours}/self_attention_layer/{name}",
            f"{theirs}.attention.{name}",
            f"{tf1}/attention_1/self/{name}",
            hidden,
            hidden,
            kernel_shape=(hidden, *by_head),
            bias_shape=by_head,
        )
    yield from _dense(
        f"{ours}/self_attention_layer/attention_output",
        f"{theirs}.attention.dense",
        f"{tf1}/attention_1/output/dense",
        hidden,
        hidden,
        kernel_shape=(*by_head, hidden),
    )


def _dense(
    ours: str,
    theirs: str,
    tf1: str,
    inputs: int,
    outputs: int,
    *,
    kernel_shape: tuple[int, ...] | None = None,
    bias_shape: tuple[int, ...] | None = None,
) -> list[NamedTensor]:
    matrix = (inputs, outputs)
    return [
        NamedTensor(
            f"{ours}/kernel",
            f"{theirs}.weight",
            f"{tf1}/kernel",
            kernel_shape or matrix,
            matrix,
            is_kernel=True,
        ),
        NamedTensor(
            f"{ours}/bias", f"{theirs}.bias", f"{tf1}/bias", bias_shape or (outputs,), (outputs,)
        ),
    ]


def _layer_norm(ours: str, theirs: str, tf1: str, width: int) -> list[NamedTensor]:
    return [
        NamedTensor(f"{ours}/{our}", f"{theirs}.{their}", f"{tf1}/{our}", (width,), (width,))
        for our, their in (("gamma", "weight"), ("beta", "bias"))
    ]
