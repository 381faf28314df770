"""A config on files of known rows, and a device of known memory."""

import pytest
import sentencepiece

from models.plan.devices import Device
from pipeline.loading import check_config

ROWS = ["one two three\tgood", "one\tbad", "one two three four five six\tgood", "two\tbad"]


@pytest.fixture
def make_config(tmp_path):
    """Returns a function from sections of a config to the config, on four rows."""
    (tmp_path / "train.tsv").write_text("\n".join(["text\tlabel", *ROWS, ""]))

    def make(**sections):
        values = {
            "name": "news",
            "task": {"name": "classification", "labels": ["good", "bad"]},
            "ingest": {"train": str(tmp_path / "train.tsv"), "eval_fraction": 0.25},
            "model": {"size": "albert-tiny"},
        }
        return check_config(values | sections, source="test")

    return make


@pytest.fixture
def device():
    return Device(
        name="toy",
        memory_bytes=2 << 30,
        matmul_rates={"float32": 1e11, "mixed_bfloat16": 1e12},
        bandwidth=1e10,
        op_seconds=1e-5,
        is_gpu=False,
        precision="mixed_bfloat16",
    )


@pytest.fixture
def spiece(tmp_path):
    """A SentencePiece model of 28 pieces."""
    sentences = ["one two three four five six", "six sevens and eight nines", "ten by ten"]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_prefix=str(tmp_path / "tiny"),
        vocab_size=28,
        minloglevel=2,
        hard_vocab_limit=True,
    )
    return tmp_path / "tiny.model"
