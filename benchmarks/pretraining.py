r"""What pretraining on a small corpus gives: SST-2 from its weights, and from scratch.

    python -m benchmarks.pretraining --squad SQUAD.json --sst2 SST2 \
      --fine-tune-set train.epochs=5 train.learning_rate=1e-3

The corpus is the contexts of a SQuAD file and the training texts of SST-2, in the files of its
authors (train.tsv, dev.tsv: no header, text and label). configs/pretrain.yaml is run on it, then
configs/sst2.yaml from scratch, from its weights, and from its token embeddings alone (model.reuse),
alike otherwise: size, vocabulary, recipe, rows and seeds are the same. Bars: the loss of masked
words on dev rows falls, and the mean dev accuracy from the embeddings is higher than from scratch.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from models.candidate import PRESET_VOCABULARY_FILE
from models.config import ModelConfig
from pipeline.follow_up import trained_weights
from pipeline.loading import load_config
from pipeline.report import REPORT_FILE, RunReport, read_report

_CONFIGS = Path(__file__).parents[1] / "configs"
_PRETRAIN, _FINE_TUNE = _CONFIGS / "pretrain.yaml", _CONFIGS / "sst2.yaml"
_REFUSED = 3
_MLM_LOSS = "val_mlm_loss"


def main() -> int:
    """Runs the three configs and prints the comparison; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--squad", type=Path, required=True, help="SQuAD file, for its contexts")
    parser.add_argument("--sst2", type=Path, required=True, help="folder of train.tsv and dev.tsv")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of fine-tuning")
    parser.add_argument("--pretrain-set", nargs="*", default=[], help="key=value of pretraining")
    parser.add_argument("--fine-tune-set", nargs="*", default=[], help="key=value of both others")
    parser.add_argument("--output", type=Path, help="folder to keep; unset: a temporary one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pretraining-") as temporary:
        folder = (arguments.output or Path(temporary)).absolute()
        write_corpus(folder / "corpus", arguments.squad, arguments.sst2 / "train.tsv")
        corpus = f"ingest.train={json.dumps(str(folder / 'corpus' / '*.txt'))}"
        pretraining = [corpus, *arguments.pretrain_set]
        first = _run(_PRETRAIN, folder / "pretrain", pretraining)
        shared = [
            f"ingest.train={json.dumps(str(arguments.sst2.absolute() / 'train.tsv'))}",
            f"ingest.eval={json.dumps(str(arguments.sst2.absolute() / 'dev.tsv'))}",
            f"train.seeds={arguments.seeds}",
            *arguments.fine_tune_set,
        ]
        weights = trained_weights(first)
        given = [f"model.weights={json.dumps(str(weights))}"]
        model = load_config(_PRETRAIN, pretraining).model
        embeddings = ["model.reuse=token_embeddings"]
        if model.initializer_range is not None:
            embeddings.append(f"model.initializer_range={model.initializer_range}")
        settings = {
            "from scratch": _same_model(model, weights),
            "pretrained": given,
            "its token embeddings": [*given, *embeddings],
        }
        reports = {
            name: _run(_FINE_TUNE, folder / name.replace(" ", "_"), [*shared, *overrides])
            for name, overrides in settings.items()
        }
    return show(first, reports)


def write_corpus(folder: Path, squad: Path, sst2: Path) -> None:
    """Writes the corpus as plain text: a document is a context, or a review's sentence."""
    folder.mkdir(parents=True, exist_ok=True)
    articles = json.loads(squad.read_text("utf-8"))["data"]
    contexts = [
        " ".join(paragraph["context"].split())  # white space that would part the document
        for article in articles
        for paragraph in article["paragraphs"]
    ]
    rows = sst2.read_text("utf-8").rstrip("\n").split("\n")
    reviews = [row.rsplit("\t", 1)[0] for row in rows]
    for name, documents in (("contexts", contexts), ("reviews", reviews)):
        (folder / f"{name}.txt").write_text("\n\n".join(documents) + "\n", "utf-8")


def show(first: RunReport, reports: Mapping[str, RunReport]) -> int:
    """Prints losses, accuracies and whether the bars are met; returns the exit code.

    Args:
      first: Of pretraining.
      reports: Of fine-tuning by its weights; those from scratch first, those with the bar last.
    """
    console = Console(width=120)
    history = _training(first)["history"]
    losses = [float(stretch[_MLM_LOSS]) for stretch in history]
    console.print(
        f"pretraining: {_training(first)['steps']:,} steps in {_training(first)['seconds']:.0f} s; "
        f"dev loss of masked words by stretch {' '.join(f'{loss:.3f}' for loss in losses)}"
    )
    for model, metrics in first.verdict.metrics.items() if first.verdict else ():
        console.print(f"  {model}: {', '.join(f'{name} {metrics[name]}' for name in metrics)}")
    table = Table(title="SST-2, best dev accuracy of each seed", title_justify="left")
    for column in ("weights", "mean", "standard deviation", "by seed", "gate"):
        table.add_column(column)
    for name, report in reports.items():
        training = _training(report)
        table.add_row(
            name,
            f"{training['mean_score']:.4f}",
            f"{training['score_deviation'] or 0.0:.4f}",
            " ".join(f"{seed['best_score']:.4f}" for seed in training["seeds"]),
            report.status,
        )
    console.print(table)
    scratch, *others = (_training(report)["mean_score"] for report in reports.values())
    gains = [mean - scratch for mean in others]
    console.print(f"gains of pretraining: {', '.join(f'{gain:+.4f}' for gain in gains)}")
    return int(losses[-1] >= losses[0] or gains[-1] <= 0.0)


def _run(config: Path, output: Path, overrides: Sequence[str]) -> RunReport:
    """Runs a config as a user does; a refusal by the gate is a result too."""
    settings = [f"output={json.dumps(str(output))}", *overrides]
    options = [part for setting in settings for part in ("--set", setting)]
    command = [sys.executable, "-m", "pipeline.cli", "run", str(config), *options]
    if subprocess.run(command, check=False).returncode not in (0, _REFUSED):
        sys.exit(f"{' '.join(command)} failed")
    return read_report(output / REPORT_FILE)


def _same_model(pretrained: ModelConfig, weights: Path) -> list[str]:
    """Returns the overrides that make the pretrained model again, with random weights."""
    given = pretrained.model_dump(include=pretrained.model_fields_set - {"max_length", "weights"})
    vocabulary = json.dumps(str(weights / PRESET_VOCABULARY_FILE))
    return [
        f"vocabulary.model={vocabulary}",
        *(f"model.{name}={json.dumps(value)}" for name, value in given.items()),
    ]


def _training(report: RunReport) -> dict[str, Any]:
    if report.training is None:
        sys.exit(f"{report.name} was not trained; {report.error}")
    return dict(report.training)


if __name__ == "__main__":
    sys.exit(main())
