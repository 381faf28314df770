"""The SavedModels that benchmarks/serving.py serves, each made in a process of its own."""

import random
from pathlib import Path

WORDS = (  # noqa: SIM905 - a list of 60 lines says no more
    "a an the this that of to and but with without never always film movie story plot cast scene "
    "script actor director comedy drama thriller romance music ending audience feels looks sounds "
    "becomes remains seems makes finds loses lacks offers good bad fine dull bright warm cold deep "
    "shallow funny touching boring gripping clever silly honest fake fresh stale moving empty rich"
).split()


def sentences(num_rows: int, *, seed: int = 20) -> list[str]:
    """Returns sentences of mixed lengths, 2 to 52 words, 19 in the mean, as those of SST-2."""
    source = random.Random(seed)
    lengths = (max(2, min(52, round(source.gauss(19, 9)))) for _ in range(num_rows))
    return [" ".join(source.choices(WORDS, k=length)) for length in lengths]


def save_trivial(folder: Path) -> None:
    """Writes half plus two: what a run of it takes is the server's own time."""
    import tensorflow as tf

    class HalfPlusTwo(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.offset = tf.Variable(2.0)

        @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def predict(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"y": x / 2.0 + self.offset}

    module = HalfPlusTwo()
    tf.saved_model.save(module, str(folder), signatures=module.predict)


def save_albert(folder: Path, size: str) -> None:
    """Writes a classifier of raw text as the trainer does, with random weights."""
    from models.candidate import Candidate
    from models.config import ModelConfig, VocabularyConfig
    from models.export import export_saved_model
    from models.tasks import create_task
    from models.tokenizer import AlbertTokenizer
    from models.vocabulary import train_vocabulary
    from schemas.model_info import ModelInfo

    labels = ("negative", "positive")
    # Whole words, as a vocabulary of 30,000 would have them: 1.1 tokens a word.
    options = VocabularyConfig(size=300, algorithm="bpe")
    vocabulary = train_vocabulary(sentences(2000), options)
    task = create_task({"name": "classification", "labels": list(labels)})
    config = ModelConfig(size=size, max_length=128)
    candidate = Candidate.build(
        task, config, AlbertTokenizer(vocabulary), seed=1, precision="float32"
    )
    info = ModelInfo(name=size, task="classification", labels=labels, max_length=128)
    export_saved_model(
        str(folder), task, candidate.predict_function(), info, tracked=candidate.tracked
    )
