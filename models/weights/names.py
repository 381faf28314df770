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
    return dense_tensors("pooled_dense", "pooler", "pooler/dense", size.hidden_dim, size.hidden_dim)


def _embedding_tensors(size: Architecture) -> Iterator[NamedTensor]:
    for variable, name, rows in (
        ("token_embedding/embeddings", "word_embeddings", size.vocabulary_size),
        ("position_embedding/embeddings", "position_embeddings", size.max_positions),
        ("segment_embedding/embeddings", "token_type_embeddings", size.num_segments),
    ):
        shape = (rows, size.embedding_dim)
        yield NamedTensor(variable, f"embeddings.{name}.weight", f"embeddings/{name}", shape, shape)
    yield from layer_norm_tensors(
        "embeddings_layer_norm",
        "embeddings.LayerNorm",
        "embeddings/LayerNorm",
        size.embedding_dim,
    )
    yield from dense_tensors(
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
                yield from layer_norm_tensors(
                    f"{ours}/{norm}", f"{theirs}.{name}", f"{tf1}/{tf1_name}", hidden
                )
            for dense, name, tf1_name, inputs, outputs in (
                ("intermediate", "ffn", "intermediate", hidden, inner),
                ("output", "ffn_output", "intermediate/output", inner, hidden),
            ):
                yield from dense_tensors(
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
        yield from dense_tensors(
            f"{ours}/self_attention_layer/{name}",
            f"{theirs}.attention.{name}",
            f"{tf1}/attention_1/self/{name}",
            hidden,
            hidden,
            kernel_shape=(hidden, *by_head),
            bias_shape=by_head,
        )
    yield from dense_tensors(
        f"{ours}/self_attention_layer/attention_output",
        f"{theirs}.attention.dense",
        f"{tf1}/attention_1/output/dense",
        hidden,
        hidden,
        kernel_shape=(*by_head, hidden),
    )


def dense_tensors(
    ours: str,
    theirs: str,
    tf1: str,
    inputs: int,
    outputs: int,
    *,
    kernel_shape: tuple[int, ...] | None = None,
    bias_shape: tuple[int, ...] | None = None,
) -> list[NamedTensor]:
    """Returns kernel and bias of a dense layer.

    Args:
      ours: Path of KerasHub's layer.
      theirs: Name in transformers.
      tf1: Name in the original.
      inputs: Width of its input.
      outputs: Width of its output.
      kernel_shape: KerasHub's, where it splits heads; None: `(inputs, outputs)`.
      bias_shape: KerasHub's; None: `(outputs,)`.
    """
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


def layer_norm_tensors(ours: str, theirs: str, tf1: str, width: int) -> list[NamedTensor]:
    """Returns scale and offset of a LayerNorm of `width` by the names of its layer."""
    return [
        NamedTensor(f"{ours}/{our}", f"{theirs}.{their}", f"{tf1}/{our}", (width,), (width,))
        for our, their in (("gamma", "weight"), ("beta", "bias"))
    ]
