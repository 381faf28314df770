"""Question answering from SQuAD's files to served answers, at a tiny size."""

import json
import random
from pathlib import Path

import pytest

from pipeline.loading import load_config
from pipeline.report import RunReport
from pipeline.run import run
from serving.client.answers import ContextAnswer, typed_answer
from serving.predict import predict

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

_CONFIG = Path(__file__).parents[2] / "configs" / "squad2.yaml"
_TINY = (
    "vocabulary.size=160",
    "task.stride=8",
    "task.max_answer_length=6",
    "task.top_k=3",
    "model.max_length=40",
    "model.num_layers=1",
    "model.hidden_dim=32",
    "model.intermediate_dim=32",
    "model.num_heads=2",
    "model.embedding_dim=16",
    "train.batch_size=32",
    "train.learning_rate=1e-3",
    "train.epochs=2",
    "train.stop_when_stuck=false",
    "ingest.max_rejected_ratio=0.1",
    "serving_check.num_requests=8",
    "serving_check.max_latency_ms=10000",
    "evaluate.thresholds=[{metric: f1, min: 0.0}, {metric: f1, over: overlap_window, min: -1.0}]",
)
_TOWNS = ("Rouen", "Caen", "Bayeux", "Dieppe", "Lisieux")


def _write_squad(path: Path, num_articles: int) -> None:
    """Writes contexts of one or several windows, with one answer that is not at its offset."""
    draw = random.Random(0)
    articles = []
    for number in range(num_articles):
        town = draw.choice(_TOWNS)
        padding = "It is said that nobody knows how it was. " * draw.randrange(4)
        context = f"{padding}The \U0001f3f0 of {town} was built in {1000 + number}. {padding}"
        start = context.index(town)
        answer = {"text": town, "answer_start": start + (number == 3)}
        questions = [
            {"id": f"where-{number}", "question": "Where was it built?", "answers": [answer]},
            {
                "id": f"who-{number}",
                "question": "Who built it?",
                "answers": [],
                "is_impossible": True,
                "plausible_answers": [answer],
            },
        ]
        paragraphs = [{"context": context, "qas": questions}]
        articles.append({"title": f"Tower {number}", "paragraphs": paragraphs})
    path.write_text(json.dumps({"version": "v2.0", "data": articles}), "utf-8")


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunReport]:
    folder = tmp_path_factory.mktemp("squad")
    _write_squad(folder / "squad.json", 120)
    paths = (f"output={folder / 'run'}", f"ingest.train={folder / 'squad.json'}")
    return folder / "run", run(load_config(_CONFIG, [*_TINY, *paths]))


def test_squad_goes_from_the_file_to_a_published_model(output: tuple[Path, RunReport]) -> None:
    _, report = output
    assert report.status == "published", report.error
    assert report.verdict is not None
    metrics = report.verdict.metrics
    assert set(metrics) == {"candidate", "overlap_window"}
    assert set(metrics["candidate"]) >= {"f1", "exact_match", "has_answer_f1", "no_answer_accuracy"}


def test_f1_is_told_by_answer_question_word_and_length(output: tuple[Path, RunReport]) -> None:
    verdict = output[1].verdict
    assert verdict is not None
    slices = verdict.slices
    assert set(slices) == {
        "answer_present=yes",
        "answer_present=no",
        "question_word=where",
        "question_word=who",
        "length_bucket=1-64",
    }
    for model, metrics in verdict.metrics.items():
        # Only `where` is answered by a context.
        for name in ("answer_present=yes", "question_word=where"):
            assert slices[name].values[model] == pytest.approx(metrics["has_answer_f1"])
        for name in ("answer_present=no", "question_word=who"):
            assert slices[name].values[model] == pytest.approx(metrics["no_answer_accuracy"])


def test_answers_are_parts_of_their_contexts(output: tuple[Path, RunReport]) -> None:
    context = "The \U0001f3f0 of Caen \u05d5\u05d4\u05dc\u05d0\u05d4 was built. " * 20
    questions = ["Where was it built?", "Who built it?", ""]
    rows = [{"question": question, "context": context} for question in questions]
    for outputs in predict(output[0] / "serving", rows):
        answer = typed_answer(dict(outputs))
        assert isinstance(answer, ContextAnswer)
        assert context[answer.start : answer.end] == answer.answer
        assert answer.no_answer == (answer.answer == "")
        assert 1 <= len(answer.spans) <= 3
        for span in answer.spans:
            assert context[span.start : span.end] == span.text
