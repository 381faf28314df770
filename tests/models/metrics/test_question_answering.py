"""Exact match and F1 against the definitions of SQuAD's evaluation script, written out again."""

import json
import math
import random
import string

import apache_beam as beam
import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from google.protobuf import text_format

from models.metrics import question_answering as metrics
from models.metrics.answer_texts import best_scores, normalize_answer
from models.metrics.question_answering import AnswerScores

_WORDS = [
    *("The", "the", "a", "an", "A", "An"),
    *("Norman", "kings;", "kings,", "(England)", "U.S.", "the-end", "don't", "1066", "10th"),
    *("Café", "CAFÉ", "naïve", "٣", "—", "“quoted”", "theme", "banana", "", "\t"),
]


def random_predictions(count, seed=0):
    """Returns answers and right answers that share words, some of them empty."""
    draw = random.Random(seed)

    def text(low):
        return " ".join(draw.choices(_WORDS, k=draw.randrange(low, 6)))

    rows = []
    for _ in range(count):
        right = [text(0) for _ in range(draw.choice([0, 1, 1, 3]))]
        answer = draw.choice([text(0), *right, ""])
        rows.append((answer, right))
    return rows


def defined_tokens(text):
    """The definition, one step a line: lower case, punctuation, articles, white space."""
    kept = "".join(character for character in text.lower() if character not in string.punctuation)
    words, word = [], ""
    for character in [*kept, " "]:
        if character == "_" or character.isalnum():
            word += character
            continue
        words += [word] if word not in ("a", "an", "the") else [" "]
        word, words = "", [*words, character]
    return "".join(words).split()


def defined_scores(answer, right):
    """The definitions of exact match and F1: precision and recall of words that both have."""
    answers = [words for words in map(defined_tokens, right) if words] or [[]]
    words = defined_tokens(answer)
    f1_scores = []
    for gold in answers:
        left, common = list(gold), 0
        for word in words:
            if word in left:
                left.remove(word)
                common += 1
        if not gold or not words:
            f1_scores.append(float(gold == words))
        elif not common:
            f1_scores.append(0.0)
        else:
            precision, recall = common / len(words), common / len(gold)
            f1_scores.append(2 * precision * recall / (precision + recall))
    return max(float(words == gold) for gold in answers), max(f1_scores)


def count(rows):
    scores = AnswerScores()
    for answer, right in rows:
        scores.add(*as_arrays(answer, right))
    return scores


def as_arrays(answer, right):
    return np.array([json.dumps(right).encode()]), np.array([answer.encode()])


def test_every_score_of_1000_random_predictions_is_as_defined():
    for answer, right in random_predictions(1000):
        assert best_scores(answer, right) == pytest.approx(defined_scores(answer, right))


@pytest.mark.parametrize("kind", ["all", "with", "without"])
def test_the_means_of_1000_random_predictions_are_as_defined(kind):
    rows = random_predictions(1000)
    chosen = [row for row in rows if kind == "all" or bool(row[1]) == (kind == "with")]
    exact, f1 = np.mean([defined_scores(*row) for row in chosen], axis=0)
    scores = count(rows)
    found = {
        "all": (metrics.exact_match(scores), metrics.f1(scores)),
        "with": (metrics.has_answer_exact_match(scores), metrics.has_answer_f1(scores)),
        "without": (metrics.no_answer_accuracy(scores), f1),
    }[kind]
    assert found == pytest.approx((exact, f1))


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("The  Normans", "normans"),
        ("a theme of an anthem", "theme of anthem"),
        ("U.S.", "us"),
        ("\u2014 \u201cquoted\u201d", "\u2014 \u201cquoted\u201d"),
        ("the", ""),
    ],
)
def test_normalizes_as_the_script(text, normalized):
    assert normalize_answer(text) == normalized


@pytest.mark.parametrize(
    ("answer", "right", "expected"),
    [("", [], (1.0, 1.0)), ("x", [], (0.0, 0.0)), ("", ["x"], (0.0, 0.0)), ("the", [], (1.0, 1.0))],
)
def test_no_answer_is_the_empty_text(answer, right, expected):
    assert best_scores(answer, right) == expected


def test_merged_parts_equal_the_whole():
    rows = random_predictions(100)
    merged = AnswerScores()
    for start in range(0, 100, 30):
        merged.merge(count(rows[start : start + 30]))
    assert metrics.f1(merged) == pytest.approx(metrics.f1(count(rows)))


def test_what_a_slice_does_not_have_is_no_number():
    scores = count([("x", ["x"])])
    assert math.isnan(metrics.no_answer_accuracy(scores))
    assert metrics.has_answer_f1(scores) == 1.0


_CONFIG = """
  model_specs { label_key: "answers" prediction_key: "answer" }
  slicing_specs {}
  slicing_specs { feature_keys: "answer_present" }
"""
_CLASSES = {
    "AnswerExactMatch": metrics.exact_match,
    "AnswerF1": metrics.f1,
    "HasAnswerExactMatch": metrics.has_answer_exact_match,
    "HasAnswerF1": metrics.has_answer_f1,
    "NoAnswerAccuracy": metrics.no_answer_accuracy,
}


def _to_records(evaluation):
    slice_key, values = evaluation
    for key, value in values.items():
        yield json.dumps([dict(slice_key).get("answer_present", ""), key.name, float(value)])


def test_tfma_computes_every_metric_by_slice(tmp_path):
    rows = random_predictions(60)
    config = text_format.Parse(_CONFIG, tfma.EvalConfig())
    spec = config.metrics_specs.add()
    for name in _CLASSES:
        spec.metrics.add(class_name=name, module=metrics.__name__)
    config = tfma.utils.update_eval_config_with_defaults(config)
    extracts = [
        {
            tfma.FEATURES_KEY: {"answer_present": np.array(["yes" if right else "no"])},
            tfma.LABELS_KEY: as_arrays(answer, right)[0],
            tfma.PREDICTIONS_KEY: as_arrays(answer, right)[1],
        }
        for answer, right in rows
    ]
    output = tmp_path / "records.jsonl"
    with beam.Pipeline() as pipeline:
        evaluations = (
            pipeline
            | "Rows" >> beam.Create(extracts, reshuffle=True)
            | "Slice" >> tfma.extractors.SliceKeyExtractor(eval_config=config).ptransform
            | "Evaluate"
            >> tfma.evaluators.MetricsPlotsAndValidationsEvaluator(eval_config=config).ptransform
        )
        _ = (
            evaluations[tfma.METRICS_KEY]
            | "ToRecords" >> beam.FlatMap(_to_records)
            | "Write" >> beam.io.WriteToText(str(output), shard_name_template="")
        )
    found = {tuple(key): value for *key, value in map(json.loads, output.read_text().splitlines())}
    for present, chosen in {
        "": rows,
        "yes": [row for row in rows if row[1]],
        "no": [row for row in rows if not row[1]],
    }.items():
        scores = count(chosen)
        names = {tfma_class: getattr(metrics, tfma_class)().name for tfma_class in _CLASSES}
        assert {names[cls]: found[present, names[cls]] for cls in _CLASSES} == pytest.approx(
            {names[cls]: function(scores) for cls, function in _CLASSES.items()}, nan_ok=True
        )
