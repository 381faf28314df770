"""Our side of the inference benchmark: an exported SavedModel, loaded as TensorFlow Serving does.

Raw texts in, decoded answers out, through the signature `serving_default`; no XLA.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from benchmarks.inference.workload import LABELS, Ask, serve
from components.inference.run import infer
from components.ingest.config import IngestConfig
from serving.saved_model import LoadedModel


def main(folder: Path, precision: str) -> None:
    """Answers requests with the SavedModel of that precision."""
    with LoadedModel.load(folder / precision) as model:

        def ask(texts: Sequence[str], batch_size: int) -> list[float]:
            answers: list[float] = []
            for start in range(0, len(texts), batch_size):
                outputs = model.run({"text": texts[start : start + batch_size]})
                answers += outputs["probabilities"][:, 1].tolist()
            return answers

        versions = f"albert-tfx, TensorFlow {tf.__version__}"
        serve(folder, ask, versions, ask_all=_bulk(folder / precision))


def _bulk(model_dir: Path) -> Ask:
    """Returns what answers texts as `albert-tfx infer` does: from a file, through Beam, to a file.

    Loading the model again is part of its time.
    """

    def ask(texts: Sequence[str], batch_size: int) -> list[float]:
        task = {"name": "classification", "labels": list(LABELS)}
        with tempfile.TemporaryDirectory() as work_dir:
            source, output = Path(work_dir, "rows.jsonl"), Path(work_dir, "answers.jsonl")
            source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
            config = IngestConfig(train=str(source))
            infer(str(source), output, config, task, model_dir=model_dir, batch_size=batch_size)
            rows = output.read_text("utf-8").splitlines()
            return [json.loads(row)["probabilities"][1] for row in rows]

    return ask


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
