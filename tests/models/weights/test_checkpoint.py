"""The outputs of a head in another order than a source has them."""

import numpy as np
import pytest

from models.weights.architecture import Architecture
from models.weights.checkpoint import Checkpoint, WeightsInfo

KERNEL = np.arange(6, dtype=np.float32).reshape(2, 3)
BIAS = np.array([10, 11, 12], np.float32)


@pytest.fixture
def checkpoint():
    info = WeightsInfo(layout="test", heads={"token_classifier": 3}, labels=("O", "I-a", "I-b"))
    heads = {"token_classifier/kernel": lambda: KERNEL, "token_classifier/bias": lambda: BIAS}
    size = Architecture(
        vocabulary_size=5,
        num_layers=1,
        num_heads=1,
        embedding_dim=2,
        hidden_dim=2,
        intermediate_dim=2,
    )
    return Checkpoint(size, info, {}, heads, b"")


def test_outputs_move_with_their_labels(checkpoint):
    arranged = checkpoint.arranged(("I-b", "O", "I-a"))
    assert arranged.info.labels == ("I-b", "O", "I-a")
    assert arranged.heads["token_classifier/bias"]().tolist() == [12, 10, 11]
    assert arranged.heads["token_classifier/kernel"]().tolist() == KERNEL[:, [2, 0, 1]].tolist()


def test_a_label_without_an_output_is_never_answered(checkpoint):
    arranged = checkpoint.arranged(("O", "B-a", "I-a", "B-b", "I-b"))
    assert arranged.info.heads == {"token_classifier": 5}
    hidden = np.array([100.0, -100.0], np.float32)
    kernel, bias = (arranged.heads[f"token_classifier/{name}"]() for name in ("kernel", "bias"))
    logits = hidden @ kernel + bias
    assert np.exp(logits - logits.max())[[1, 3]].tolist() == [0.0, 0.0]
    assert logits[[0, 2, 4]].tolist() == (hidden @ KERNEL + BIAS).tolist()


def test_a_head_without_labels_stays_as_it_is(checkpoint):
    info = checkpoint.info.model_copy(update={"heads": {"qa_outputs": 2}, "labels": ()})
    same = Checkpoint(checkpoint.architecture, info, {}, {}, b"")
    assert same.arranged(()) is same
