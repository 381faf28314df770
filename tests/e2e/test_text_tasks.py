"""Tasks on whole texts, from published file layouts to served answers, at a tiny size."""

import random
from pathlib import Path

import pytest

from pipeline.loading import load_config
from pipeline.report import RunReport
from pipeline.run import run
from serving.predict import predict

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

_CONFIGS = Path(__file__).parents[2] / "configs"
_TINY = (
    "model.weights=null",
    "model.size=albert-tiny",
    "model.max_length=32",
    "model.num_layers=1",
    "model.hidden_dim=32",
    "model.intermediate_dim=32",
    "model.num_heads=2",
    "model.embedding_dim=16",
    "vocabulary.size=120",
    "train.recipe=null",
    "train.learning_rate=1e-3",
    "train.batch_size=32",
    "train.steps=30",
    "train.stop_when_stuck=false",
    "serving_check.num_requests=8",
    "serving_check.max_latency_ms=10000",
)
_NOUNS = ("plane", "dog", "guitar", "storm", "child", "train")


def _run(config: str, output: Path, *overrides: str) -> RunReport:
    paths = [f"output={output / 'run'}", f"ingest.train={output / 'train.tsv'}"]
    paths.append(f"ingest.eval={output / 'dev.tsv'}")
    return run(load_config(_CONFIGS / config, [*_TINY, *paths, *overrides]))


def _sentences(draw: random.Random) -> tuple[str, str, int]:
    """Returns two sentences, and how many of their two nouns are the same."""
    first, second = draw.sample(_NOUNS, 2)
    third = draw.choice(_NOUNS)
    same = int(third in (first, second)) + draw.randrange(2)
    return f"A {first} and a {second} are there.", f'There is a "{third}" {draw.random()}.', same


def _write_sts(path: Path, num_rows: int, seed: int) -> None:
    draw = random.Random(seed)
    header = "index genre filename year old_index source1 source2 sentence1 sentence2 score"
    lines = [header.replace(" ", "\t")]
    for number in range(num_rows):
        first, second, same = _sentences(draw)
        genre = draw.choice(["main-news", "main-captions"])
        row = [
            number,
            genre,
            "MSRvid",
            "2012test",
            number,
            "none",
            "none",
            first,
            second,
            2.5 * same,
        ]
        lines.append("\t".join(map(str, row)))
    path.write_text("\n".join(lines) + "\n", "utf-8")


def test_sts_b_from_files_to_scores(tmp_path: Path) -> None:
    _write_sts(tmp_path / "train.tsv", 300, seed=0)
    _write_sts(tmp_path / "dev.tsv", 80, seed=1)
    rule = "evaluate.thresholds=[{metric: mse, max: 100}, {metric: pearson, over: mean, min: -2}]"
    report = _run("stsb.yaml", tmp_path, rule)
    assert report.status == "published", report.error
    assert report.verdict is not None
    metrics = report.verdict.metrics
    assert set(metrics) == {"candidate", "mean", "tfidf_ridge"}
    assert metrics["mean"]["pearson"] == 0.0
    assert metrics["candidate"]["mse"] < 30
    assert set(report.verdict.slices) == {
        "genre=main-captions",
        "genre=main-news",
        "length_bucket=9-16",
    }
    rows = [{"text": "A dog.", "text_pair": "A dog."}, {"text": "", "text_pair": "x"}]
    answers = list(predict(tmp_path / "run" / "serving", rows))
    assert [set(answer) for answer in answers] == [{"score"}, {"score"}]


def test_mrpc_from_files_to_labels(tmp_path: Path) -> None:
    for name, num_rows, seed in (("train.tsv", 300, 0), ("dev.tsv", 80, 1)):
        draw = random.Random(seed)
        lines = ["Quality\t#1 ID\t#2 ID\t#1 String\t#2 String"]
        for number in range(num_rows):
            first, second, same = _sentences(draw)
            lines.append(f"{int(same > 0)}\t{number}\t{number + 1}\t{first}\t{second}")
        (tmp_path / name).write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    report = _run("mrpc.yaml", tmp_path, "evaluate.thresholds=[{metric: f1, min: 0}]")
    assert report.status == "published", report.error
    assert report.verdict is not None
    assert 0 < report.verdict.metrics["tfidf"]["f1"] < 1
    (answer,) = predict(tmp_path / "run" / "serving", [{"text": "A dog.", "text_pair": "A cat."}])
    assert answer["labels"] == ["0", "1"]


def test_several_labels_from_files_to_answers(tmp_path: Path) -> None:
    for name, num_rows, seed in (("train.tsv", 300, 0), ("dev.tsv", 80, 1)):
        draw = random.Random(seed)
        lines = ["text\tlabel"]
        for number in range(num_rows):
            nouns = [noun for noun in _NOUNS[:3] if draw.random() < 0.4]
            lines.append(f"Here is {' and '.join(nouns)} {number}.\t{', '.join(nouns)}")
        (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")
    report = _run(
        "stsb.yaml",
        tmp_path,
        "task={name: multilabel, labels: [plane, dog, guitar], separator: ','}",
        "ingest.columns={}",
        "evaluate={thresholds: [{metric: exact_match, min: 0}]}",
    )
    assert report.status == "published", report.error
    assert report.verdict is not None
    metrics = report.verdict.metrics
    assert metrics["tfidf_one_vs_rest"]["micro_f1"] > 0.9
    assert metrics["frequency"]["exact_match"] > 0
    assert metrics["frequency"]["auc"] == 0.5
    assert set(report.verdict.slices) == {
        *("label=dog", "label=guitar", "label=plane", "length_bucket=1-8"),
    }
    (answer,) = predict(tmp_path / "run" / "serving", ["Here is dog."])
    assert set(answer) == {"chosen", "labels", "probabilities"}
    probabilities = dict(zip(answer["labels"], answer["probabilities"], strict=True))
    assert [label for label in answer["chosen"] if label] == sorted(
        (label for label, probability in probabilities.items() if probability >= 0.5),
        key=lambda label: -probabilities[label],
    )
