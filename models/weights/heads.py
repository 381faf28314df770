"""The heads that checkpoints bring, by one name each, and the names of their tensors."""

from __future__ import annotations

from models.weights.architecture import Architecture
from models.weights.names import NamedTensor, dense_tensors, layer_norm_tensors

MLM, SOP = "mlm", "sop"
"""Heads of pretraining: masked words, order of sentences."""

CLASSIFIER, TOKEN_CLASSIFIER = "classifier", "token_classifier"
QA_OUTPUTS, MULTIPLE_CHOICE = "qa_outputs", "multiple_choice"
"""Heads of fine-tuning: one dense layer each, on whole texts, tokens, tokens, and options."""

FIXED_OUTPUTS = {MLM: 0, QA_OUTPUTS: 2, MULTIPLE_CHOICE: 1}
"""Number of outputs of the heads that have always the same; masked words have none of their own."""

LABELLED = (CLASSIFIER, TOKEN_CLASSIFIER)
"""Heads whose outputs have names."""

_DENSE_HEADS = {
    SOP: ("sop_classifier.classifier", "cls/seq_relationship/output"),
    CLASSIFIER: ("classifier", "output"),
    TOKEN_CLASSIFIER: ("classifier", "output"),
    QA_OUTPUTS: ("qa_outputs", "cls/squad/output"),
    MULTIPLE_CHOICE: ("classifier", "output"),
}
"""Name of each in transformers, and in the original, without `.weight` and `_weights`."""


def head_tensors(head: str, size: Architecture, num_outputs: int) -> list[NamedTensor]:
    """Returns the tensors of a head.

    Args:
      head: One of the names above.
      size: The backbone's.
      num_outputs: Outputs of the dense layer; none of `MLM`.
    """
    if head == MLM:
        return _masked_words(size)
    theirs, tf1 = _DENSE_HEADS[head]
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


def hugging_face_bias(head: str) -> str:
    """Returns the name in transformers of the tensor by which a head is known.

    >>> hugging_face_bias("qa_outputs")
    'qa_outputs.bias'
    """
    return f"{'predictions' if head == MLM else _DENSE_HEADS[head][0]}.bias"


def _masked_words(size: Architecture) -> list[NamedTensor]:
    ours, theirs, tf1 = MLM, "predictions", "cls/predictions"
    hidden, embedding, pieces = size.hidden_dim, size.embedding_dim, (size.vocabulary_size,)
    return [
        *dense_tensors(
            f"{ours}/dense", f"{theirs}.dense", f"{tf1}/transform/dense", hidden, embedding
        ),
        *layer_norm_tensors(
            f"{ours}/layer_norm", f"{theirs}.LayerNorm", f"{tf1}/transform/LayerNorm", embedding
        ),
        NamedTensor(f"{ours}/output_bias", f"{theirs}.bias", f"{tf1}/output_bias", pieces, pieces),
    ]
