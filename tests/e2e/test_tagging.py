"""Tagging through the whole pipeline: CoNLL and spans in, entities out of a published model."""

import json
import random
from pathlib import Path

import pytest

from pipeline.loading import load_config
from pipeline.predict import from_model_base, predict_lines
from pipeline.report import RunReport, read_report
from pipeline.run import run
from serving.versions import live_version

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

NAMES = ["Anna", "Bob", "Crème", "Dora", "Øre", "Van Dyke"]
TYPES = {"person": "I met {} today .", "place": "we went to {} again ."}

CONFIG = """
name: names
task: {{name: tagging, types: [person, place], scheme: iob2}}
ingest: {{train: {train}, eval: {eval}, max_rejected_ratio: 0.05}}
vocabulary: {{size: 120}}
model: {{size: albert-tiny, num_layers: 1, hidden_dim: 32, num_heads: 2, intermediate_dim: 64,
  max_length: 32}}
train: {{epochs: 4, learning_rate: 5.0e-3, precision: float32}}
serving_check: {{max_latency_ms: 10000}}
evaluate: {{thresholds: [{{metric: f1, min: 0.0}}, {{metric: f1_person, min: 0.0}}]}}
output: {output}
"""


def sentences(count, seed):
    """Yields a text, its entity and the type of it: the words before the name tell."""
    draw = random.Random(seed)
    for _ in range(count):
        kind = draw.choice(list(TYPES))
        name = draw.choice(NAMES)
        yield TYPES[kind].format(name), name, kind


def conll(text, name, kind):
    words = name.split()
    tags = [f"B-{kind}"] + [f"I-{kind}"] * (len(words) - 1)
    named = dict(zip(words, tags, strict=True))
    return "".join(f"{word}\t{named.get(word, 'O')}\n" for word in text.split()) + "\n"


def jsonl(text, name, kind):
    start = text.index(name)
    entity = {"start": start, "end": start + len(name), "type": kind}
    return json.dumps({"text": text, "entities": [entity]}) + "\n"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    folder = tmp_path_factory.mktemp("tagging")
    train, dev = folder / "train.conll", folder / "dev.jsonl"
    train.write_text(
        "".join(conll(*row) for row in sentences(300, 1)) + "lonely\tI-place\n\nodd\n", "utf-8"
    )
    bad = json.dumps({"text": "Bob", "entities": [{"start": 0, "end": 9, "type": "person"}]})
    dev.write_text("".join(jsonl(*row) for row in sentences(60, 2)) + bad + "\n", "utf-8")
    config = folder / "names.yaml"
    config.write_text(CONFIG.format(train=train, eval=dev, output=folder / "run"), "utf-8")
    return run(load_config(config))


@pytest.fixture(scope="module")
def output(report: RunReport) -> Path:
    assert report.publication is not None
    return Path(report.publication.model_base).parent


def test_the_model_is_published(report: RunReport, output: Path) -> None:
    assert report.status == "published", report
    assert live_version(output / "serving") == 1
    assert read_report(output / "run.json") == report


def test_every_model_is_measured_by_entities_and_by_type(report: RunReport) -> None:
    assert report.verdict is not None
    metrics = report.verdict.metrics
    assert set(metrics) == {"candidate", "majority_tag"}
    for values in metrics.values():
        assert {"f1", "precision", "recall", "f1_person", "f1_place"} <= set(values)
    # Half of the names are of the other type, which only their neighbours tell.
    assert 0.2 < metrics["majority_tag"]["f1"] < 0.8


def test_f1_is_told_for_the_texts_of_each_type_and_length(report: RunReport) -> None:
    assert report.verdict is not None
    slices = report.verdict.slices
    assert set(slices) == {"entity_type=person", "entity_type=place", "length_bucket=1-8"}
    assert {figures.metric for figures in slices.values()} == {"f1"}
    assert slices["entity_type=person"].num_rows + slices["entity_type=place"].num_rows == 60
    for figures in slices.values():
        assert set(figures.values) == {"candidate", "majority_tag"}


def test_the_published_model_answers_raw_text_with_entities(output: Path) -> None:
    text = "I met Crème today ."
    lines = predict_lines(from_model_base(output / "serving"), [text, ""])
    answer, empty = (json.loads(line) for line in lines)
    assert (answer["text"], empty) == (text, {"text": "", "entities": []})
    for entity in answer["entities"]:
        assert text[entity["start"] : entity["end"]] == entity["text"]
        assert 0.0 <= entity["score"] <= 1.0
