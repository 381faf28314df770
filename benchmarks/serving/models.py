"""The SavedModels that are served, each made in a process of its own, and the texts to ask."""

from pathlib import Path


def read_texts(rows: Path) -> list[str]:
    """Returns the texts of a file with a row `text TAB label` a line.

    Raises:
      SystemExit: If the file is not there.
    """
    if not rows.is_file():
        raise SystemExit(f"--texts {rows} must be a file with a row `text TAB label` a line")
    return [line.rpartition("\t")[0] for line in rows.read_text("utf-8").splitlines()]


def save_trivial(folder: Path) -> None:
    """Writes half plus two: what a run of it takes is the server's own time."""
    import tensorflow as tf

    class HalfPlusTwo(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.offset = tf.Variable(tf.constant(2.0))

        @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def predict(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"y": x / 2.0 + self.offset}

    module = HalfPlusTwo()
    tf.saved_model.save(module, str(folder), signatures=module.predict)


def save_albert(folder: Path, size: str, texts: Path, precision: str = "float32") -> None:
    """Writes a classifier of raw text as the trainer does, with random weights.

    Args:
      folder: Folder to write.
      size: A name of models.presets.
      texts: A text a line, to train the vocabulary on.
      precision: Of the matrix products, `model.serving_precision`.
    """
    from benchmarks.biases import draw_biases
    from models.candidate import Candidate
    from models.config import ModelConfig, VocabularyConfig
    from models.export import export_saved_model
    from models.tasks import create_task
    from models.tokenizer import AlbertTokenizer
    from models.vocabulary import train_vocabulary
    from schemas.model_info import ModelInfo

    labels = ("negative", "positive")
    lines = texts.read_text("utf-8").splitlines()
    vocabulary = train_vocabulary(lines, VocabularyConfig(size=8000))
    task = create_task({"name": "classification", "labels": list(labels)})
    config = ModelConfig.model_validate(
        {"size": size, "max_length": 128, "serving_precision": precision}
    )
    candidate = Candidate.build(
        task, config, AlbertTokenizer(vocabulary), seed=1, precision="float32"
    )
    draw_biases(candidate.model)
    info = ModelInfo(name=size, task="classification", labels=labels, max_length=128)
    export_saved_model(str(folder), task, candidate.predict_function(), info)
