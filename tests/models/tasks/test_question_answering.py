import importlib
import json

import numpy as np
import pytest
import tensorflow as tf

from models.candidate import Candidate
from models.config import ModelConfig
from models.precision import FLOAT32
from models.tasks import create_task
from models.tasks.base import RowError
from schemas import features as keys
from schemas.errors import UserError

CONTEXT = "In 1999, the audience laughed. The film was long, and nobody cared; she said yes."
TASK = create_task({"name": "question_answering", "stride": 6, "max_answer_length": 5})
LISTED = create_task({"name": "question_answering", "stride": 6, "n_best": 6, "top_k": 4})
SQUAD1 = create_task({"name": "question_answering", "unanswerable": False})
MODEL = ModelConfig(
    size="albert-tiny",
    max_length=24,
    num_layers=1,
    num_heads=2,
    hidden_dim=16,
    intermediate_dim=32,
    embedding_dim=8,
)
CONTEXTS = [
    CONTEXT,
    "The \ufb01lm was  long,\n\tand nobody co\u0302te\u0301 cared.",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd was long and \u05e9\u05dc\u05d5\u05dd",
    "I \u2764\ufe0f\U0001f44d\U0001f3fd the film \U0001f1eb\U0001f1f7 was \U0001f468\u200d long",
    "long",
]


def row(**fields):
    answers = [{"text": "the audience", "answer_start": "9"}]
    return {"question": "Who laughed?", "context": CONTEXT, "answers": answers} | fields


def build(tokenizer, task=TASK, seed=3):
    candidate = Candidate.build(task, MODEL, tokenizer, seed=seed, precision=FLOAT32)
    # Scores of some size, so that the answers of random weights differ.
    logits = candidate.model.get_layer("logits")
    generator = np.random.default_rng(seed)
    logits.set_weights([generator.normal(size=weight.shape) for weight in logits.get_weights()])
    return candidate


def ask(candidate, contexts, question="Was the film long?"):
    answers = candidate.predict_function()(
        {
            keys.QUESTION: tf.constant([question] * len(contexts), tf.string),
            keys.CONTEXT: tf.constant(contexts, tf.string),
        }
    )
    return {name: value.numpy() for name, value in answers.items()}


# --- ingest ---------------------------------------------------------------------------------------


def test_a_row_becomes_features_with_its_slices():
    features = TASK.encode_row(row(title="Films"))
    assert features == {
        "title": b"Films",
        keys.QUESTION: b"Who laughed?",
        keys.CONTEXT: CONTEXT.encode(),
        keys.ANSWERS: b'["the audience"]',
        keys.ANSWER_START: 9,
        keys.ANSWER_END: 21,
        keys.ANSWER_PRESENT: b"yes",
        keys.QUESTION_WORD: b"who",
        keys.LENGTH_BUCKET: b"1-64",
    }


def test_answers_of_a_table_are_an_object_of_lists():
    table = {"text": ["the audience", "audience"], "answer_start": ["9", "13"]}
    features = TASK.encode_row(row(answers=table))
    assert json.loads(features[keys.ANSWERS]) == ["the audience", "audience"]
    assert features[keys.ANSWER_START] == 9


@pytest.mark.parametrize("answers", [[], {"text": [], "answer_start": []}])
def test_no_answer_is_none(answers):
    features = TASK.encode_row(row(answers=answers, is_impossible="true"))
    assert (features[keys.ANSWERS], features[keys.ANSWER_START]) == (b"[]", -1)
    assert features[keys.ANSWER_PRESENT] == b"no"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"context": " \n"}, "empty_context"),
        ({"question": "\t"}, "no_question"),
        ({"answers": [{"text": "the audience", "answer_start": "8"}]}, "answer_offset"),
        ({"answers": {"text": ["the"], "answer_start": []}}, "invalid_answer"),
        ({"answers": "the"}, "invalid_answer"),
    ],
)
def test_a_bad_row_is_refused(fields, reason):
    with pytest.raises(RowError) as error:
        TASK.encode_row(row(**fields))
    assert error.value.reason == reason


def test_squad_1_refuses_a_question_without_answer():
    with pytest.raises(RowError, match="must have an answer"):
        SQUAD1.encode_row(row(answers=[]))


def test_a_column_must_not_be_named_as_what_is_made_here():
    with pytest.raises(UserError, match=r"\['answer_start'\]; rename"):
        TASK.encode_row(row(answer_start="5"))


def test_rows_of_one_context_are_a_group():
    one, other = TASK.encode_row(row()), TASK.encode_row(row(question="When?"))
    assert TASK.group(one) == TASK.group(other)
    assert TASK.identity(one) != TASK.identity(other)


@pytest.mark.parametrize(("head", "options"), [("qa_outputs", {}), ("classifier", None)])
def test_a_fine_tuned_model_is_known_by_its_head(head, options):
    assert type(TASK).options_for({head: 2}, (), "") == options


# --- answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("task", "seed"), [(TASK, 0), (SQUAD1, 0), (SQUAD1, 1)])
def test_an_answer_is_the_part_of_its_context_at_its_offsets(tokenizer, task, seed):
    answers = ask(build(tokenizer, task, seed), CONTEXTS)
    for index, context in enumerate(CONTEXTS):
        text = answers[keys.ANSWER][index].decode()
        start, end = int(answers[keys.START][index]), int(answers[keys.END][index])
        assert context[start:end] == text
        assert answers[keys.NO_ANSWER][index] == (text == "")
        assert (start, end) != (-1, -1) or text == ""
    assert (answers[keys.SCORE] > 0).all()
    assert (answers[keys.SCORE] <= 1).all()


def test_a_batch_answers_as_each_alone(tokenizer):
    candidate = build(tokenizer)
    together = ask(candidate, CONTEXTS)
    for index, context in enumerate(CONTEXTS):
        alone = ask(candidate, [context])
        assert alone[keys.ANSWER][0] == together[keys.ANSWER][index]
        np.testing.assert_allclose(alone[keys.SCORE][0], together[keys.SCORE][index], rtol=1e-4)


@pytest.mark.parametrize("task", [TASK, SQUAD1])
def test_hostile_contexts_get_an_answer_or_none(tokenizer, task):
    answers = ask(build(tokenizer, task), ["", " \n", "\u0301\u0302", b"\xff\xfe", "a\x00b"])
    assert answers[keys.NO_ANSWER].tolist() == (answers[keys.ANSWER] == b"").tolist()
    assert np.isfinite(answers[keys.SCORE]).all()


def test_a_graph_of_any_batch_answers_alike(tokenizer):
    candidate = build(tokenizer)
    spec = TASK.serving_inputs()
    graph = tf.function(
        candidate.predict_function(), input_signature=[spec], autograph=False
    ).get_concrete_function()
    expected = ask(candidate, CONTEXTS)
    answers = graph(
        question=tf.constant(["Was the film long?"] * len(CONTEXTS)),
        context=tf.constant(CONTEXTS),
    )
    assert answers[keys.ANSWER].numpy().tolist() == expected[keys.ANSWER].tolist()


def test_an_empty_context_has_no_answer(tokenizer):
    answers = ask(build(tokenizer, SQUAD1), [""])
    assert answers[keys.NO_ANSWER].tolist() == [True]
    assert answers[keys.NO_ANSWER_PROBABILITY] == pytest.approx([1.0])


@pytest.mark.parametrize("task", [TASK, LISTED])
def test_no_question_gets_no_answer(tokenizer, task):
    assert all(value.shape[0] == 0 for value in ask(build(tokenizer, task), []).values())


def test_the_best_spans_are_listed_whether_or_not_one_is_the_answer(tokenizer):
    candidate = build(tokenizer, LISTED)
    threshold = candidate.model.get_layer("span_logits").null_threshold
    for value in (1000.0, -1000.0):
        threshold.assign(value)
        answers = ask(candidate, CONTEXTS)
        lists = [answers[name] for name in (keys.TEXTS, keys.STARTS, keys.ENDS, keys.SCORES)]
        assert {values.shape for values in lists} == {(len(CONTEXTS), 4)}
        for context, *spans in zip(CONTEXTS, *lists, strict=True):
            for text, start, end, score in zip(*spans, strict=True):
                if text == b"":
                    assert (start, end, score) == (-1, -1, 0.0)
                else:
                    assert context[start:end] == text.decode()
            real = [score for text, _, _, score in zip(*spans, strict=True) if text != b""]
            assert real == sorted(real, reverse=True)
        if value > 0:
            assert answers[keys.ANSWER].tolist() == answers[keys.TEXTS][:, 0].tolist()
            np.testing.assert_allclose(answers[keys.SCORE], answers[keys.SCORES][:, 0])
        else:
            assert answers[keys.NO_ANSWER].all()
            assert (answers[keys.TEXTS][:, 0] != b"").all()


def test_a_context_with_fewer_spans_than_are_listed(tokenizer):
    answers = ask(build(tokenizer, LISTED), ["", "long"])
    assert answers[keys.STARTS][0].tolist() == [-1] * 4
    assert answers[keys.STARTS][1, -1] == -1
    assert answers[keys.TEXTS][1, 0] == b"long"


def test_no_more_spans_are_listed_than_are_scored():
    with pytest.raises(ValueError, match="top_k must be at most n_best; received 21 and 20"):
        create_task({"name": "question_answering", "top_k": 21})


def test_the_threshold_decides_on_no_answer(tokenizer):
    candidate = build(tokenizer)
    threshold = candidate.model.get_layer("span_logits").null_threshold
    threshold.assign(-1000.0)
    assert ask(candidate, CONTEXTS)[keys.NO_ANSWER].all()
    threshold.assign(1000.0)
    answers = ask(candidate, CONTEXTS)
    assert not answers[keys.NO_ANSWER].any()
    assert answers[keys.NO_ANSWER_PROBABILITY] == pytest.approx(np.zeros(len(CONTEXTS)))


# --- training rows --------------------------------------------------------------------------------


def transformed(tokenizer):
    """Transformed rows of three questions, the windows in another order than they were cut."""
    rows = [
        TASK.encode_row(row()),
        TASK.encode_row(row(answers=[])),
        TASK.encode_row(row(context="long", answers=[])),
    ]
    features = {name: tf.constant([r[name] for r in rows]) for name in rows[0]}
    features[keys.ROW_ID] = tf.constant(["a", "b", "c"])

    @tf.function(autograph=False)
    def transform(features):
        return TASK.transform(features, tokenizer, MODEL.max_length)

    windows = transform(features)
    order = np.random.default_rng(0).permutation(len(windows[keys.ROW_ID]))
    return features, {name: tf.gather(value, order) for name, value in windows.items()}


def test_a_row_becomes_its_windows(tokenizer):
    _, rows = transformed(tokenizer)
    ids = rows[keys.ROW_ID].numpy().tolist()
    counts = dict(zip(ids, rows[keys.NUM_WINDOWS].numpy().tolist(), strict=True))
    assert {name: ids.count(name) for name in counts} == counts
    assert counts[b"a"] == counts[b"b"] > counts[b"c"] == 1
    has_answer = rows[keys.START_POSITION].numpy() > 0
    assert set(np.array(ids)[has_answer]) == {b"a"}


def test_transformed_rows_are_answered_as_texts(tokenizer):
    candidate = build(tokenizer)
    features, rows = transformed(tokenizer)
    row_ids, answers = candidate.reference(rows)
    served = candidate.predict_function()(features)
    place = [[b"a", b"b", b"c"].index(row_id) for row_id in row_ids.numpy()]
    assert sorted(place) == [0, 1, 2]
    for name, values in answers.items():
        np.testing.assert_allclose(values, served[name].numpy()[place], rtol=1e-4)


def test_rows_some_of_whose_windows_are_missing_are_left_out(tokenizer):
    _, rows = transformed(tokenizer)
    first = int(np.flatnonzero(rows[keys.ROW_ID].numpy() == b"a")[0])
    kept = [index for index in range(len(rows[keys.ROW_ID])) if index != first]
    row_ids, _ = build(tokenizer).reference({n: tf.gather(v, kept) for n, v in rows.items()})
    assert sorted(row_ids.numpy()) == [b"b", b"c"]


def test_calibration_finds_a_threshold_that_answers_what_can_be(tokenizer):
    candidate = build(tokenizer)
    _, rows = transformed(tokenizer)
    layer = candidate.model.get_layer("span_logits")
    layer.null_threshold.assign(-50.0)
    TASK.calibrate(candidate.model, [rows])
    threshold = float(layer.null_threshold.numpy())
    TASK.calibrate(candidate.model, [rows])
    assert float(layer.null_threshold.numpy()) == pytest.approx(threshold, abs=1e-4)
    assert threshold != -50.0


def test_a_given_threshold_stays_as_it_is(tokenizer):
    task = create_task({"name": "question_answering", "null_threshold": -1.25})
    candidate = build(tokenizer, task)
    task.calibrate(candidate.model, [transformed(tokenizer)[1]])
    layer = candidate.model.get_layer("span_logits")
    assert float(layer.null_threshold.numpy()) == -1.25


def test_the_loss_is_the_mean_cross_entropy_of_both_ends(tokenizer):
    candidate = build(tokenizer)
    _, rows = transformed(tokenizer)
    inputs, target = TASK.batch(rows, seed=tf.zeros(2, tf.int64))
    logits = candidate.model(inputs).numpy()
    log_shares = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    ends = target.numpy()
    expected = -np.mean([log_shares[i, ends[i, k], k] for i in range(len(ends)) for k in (0, 1)])
    assert float(TASK.loss()(target, logits)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("target", "best", "f1"),
    [
        ((2, 4), (2, 4), 1.0),
        ((2, 4), (4, 5), 0.4),
        ((0, 0), (0, 0), 1.0),
        ((0, 0), (1, 3), 0.0),
        ((2, 4), (4, 2), 0.0),
    ],
)
def test_span_f1_is_that_of_the_most_probable_span(target, best, f1):
    logits = np.zeros((1, 6, 2), "float32")
    logits[0, best[0], 0] = logits[0, best[1], 1] = 5.0
    (metric,) = TASK.training_metrics()
    metric.update_state(np.array([target]), logits)
    assert float(metric.result()) == pytest.approx(f1)


def test_the_constant_loss_is_the_entropy_of_the_positions():
    targets = {
        keys.START_POSITION: np.array([0, 0, 1, 2]),
        keys.END_POSITION: np.array([0, 0, 3, 3]),
    }
    expected = (1.5 * np.log(2) + np.log(2)) / 2
    assert TASK.constant_loss(targets) == pytest.approx(expected)


def test_every_metric_is_one_of_tfma():
    for metric in (*TASK.metrics(), *SQUAD1.metrics()):
        assert getattr(importlib.import_module(metric.module), metric.class_name)
    assert [metric.name for metric in SQUAD1.metrics()] == ["f1", "exact_match"]
