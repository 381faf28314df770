import keras
import numpy as np
import pytest
import tensorflow as tf

from models.candidate import Candidate
from models.config import ModelConfig, VocabularyConfig
from models.pretraining.cloze import make_cloze
from models.tasks import create_task
from models.tasks.base import RowError
from models.tokenizer import WORD_START, AlbertTokenizer
from models.vocabulary import train_vocabulary
from schemas import features as keys
from schemas.errors import UserError
from tests.models.conftest import SENTENCES

TINY = {"size": "albert-tiny", "num_layers": 1, "hidden_dim": 32, "num_heads": 2, "max_length": 32}


@pytest.fixture
def task():
    return create_task({"name": "pretraining", "top_k": 3})


def candidate(task, tokenizer):
    config = ModelConfig(**TINY)
    return Candidate.build(task, config, tokenizer, seed=0, precision="float32")


def ask(task, tokenizer, *texts):
    answers = candidate(task, tokenizer).predict_function()({keys.TEXT: tf.constant(texts)})
    return {name: value.numpy() for name, value in answers.items()}


def test_a_passage_becomes_what_is_learned_and_what_is_asked(task):
    sentences = ["The film was long.", "Nobody laughed."]
    row = task.encode_row({keys.TEXT: " ".join(sentences), "source": "a"})
    cloze = make_cloze(sentences)
    assert row == {
        keys.DOCUMENT: "\n".join(sentences).encode(),
        keys.TEXT: cloze.text.encode(),
        keys.HIDDEN_WORDS: [word.encode() for word in cloze.hidden_words],
        keys.SENTENCE_ORDER: cloze.sentence_order,
        keys.SENTENCES: b"2-4",
        keys.LENGTH_BUCKET: b"1-8",
        "source": b"a",
    }


def test_a_document_of_one_sentence_is_learned_from_without_an_order(task, tokenizer):
    row = task.encode_row({keys.TEXT: "Only one sentence, (5, 7)"})
    assert (row[keys.SENTENCES], row[keys.SENTENCE_ORDER]) == (b"1", -1)
    features = {name: tf.constant([row[name]]) for name in (keys.DOCUMENT, keys.TEXT)}
    rows = task.preprocess(features, tokenizer, 32)
    inputs, targets = task.batch(rows, seed=tf.constant([0, 0], tf.int64))
    assert targets["sop"].numpy().tolist() == [-1]
    assert (targets["mlm"].numpy() >= 0).any()
    assert not inputs[keys.SEGMENT_IDS].numpy().any()


@pytest.mark.parametrize("text", ["", " \n", "... !", "\N{COMBINING ACUTE ACCENT}"])
def test_a_passage_without_a_word_is_rejected(task, text):
    with pytest.raises(RowError, match="must hold a word") as error:
        task.encode_row({keys.TEXT: text})
    assert error.value.reason == "empty_text"


def test_a_column_named_as_a_feature_that_is_made_is_refused(task):
    with pytest.raises(UserError, match=r"received \['document'\]; rename"):
        task.encode_row({keys.TEXT: "a", "document": "b"})


def test_rows_are_the_same_whatever_their_case_and_line_breaks(task):
    one = task.encode_row({keys.TEXT: "One here.\nTwo  here."})
    other = task.encode_row({keys.TEXT: "ONE here. two here."})
    assert task.identity(one) == task.identity(other) == "one here. two here."


def test_masks_are_filled_in_with_pieces_and_probabilities(task, tokenizer):
    answers = ask(task, tokenizer, "The [MASK] was [MASK].", "No mask.", "A [MASK]\nfilm")
    tokens, scores = answers[keys.TOKENS], answers[keys.SCORES]
    assert tokens.shape == scores.shape == (3, 2, 3)
    assert (tokens[0] != b"").all()
    assert (tokens[1] == b"").all()
    assert scores[1].max() == 0.0
    assert (np.diff(scores[0], axis=1) <= 0).all()
    start = WORD_START.encode()
    assert all(token == start or not token.startswith(start) for token in tokens.ravel())
    assert answers[keys.IN_ORDER].tolist()[:2] == [-1.0, -1.0]
    assert 0.0 < answers[keys.IN_ORDER][2] < 1.0


@pytest.mark.parametrize("texts", [[], [""], ["no mask"], ["\xff [MASK] \0", "[MASK]" * 100]])
def test_any_text_gets_an_answer(task, tokenizer, texts):
    model = candidate(task, tokenizer)
    answers = model.predict_function()({keys.TEXT: tf.constant(texts, tf.string)})
    assert {len(value) for value in answers.values()} == {len(texts)}
    assert np.isfinite(answers[keys.SCORES].numpy()).all()


def test_the_trainers_answers_are_those_to_the_raw_texts(task, tokenizer):
    rows = [
        task.encode_row({keys.TEXT: text})
        for text in ("A fine film: funny, warm. Never too long! So, 5, 7.", "Nobody laughed, so.")
    ]
    features = {
        name: tf.constant([row[name] for row in rows]) for name in (keys.DOCUMENT, keys.TEXT)
    }
    model = candidate(task, tokenizer)
    transformed = task.preprocess(features, tokenizer, TINY["max_length"])
    _, reference = model.reference({**transformed, keys.ROW_ID: tf.constant(["a", "b"])})
    answers = model.predict_function()({keys.TEXT: features[keys.TEXT]})
    assert reference.keys() == {keys.SCORES, keys.IN_ORDER}
    for name, value in reference.items():
        np.testing.assert_allclose(answers[name], value, atol=1e-6)


def test_without_sentence_order_there_is_one_head(tokenizer):
    task = create_task({"name": "pretraining", "sentence_order": False})
    model = candidate(task, tokenizer).model
    assert set(model.output) == {"mlm"}
    assert ask(task, tokenizer, "a [MASK]").keys() == {keys.TOKENS, keys.SCORES}
    assert [metric.name for metric in task.metrics()] == ["mlm_accuracy", "mlm_top_k"]


@pytest.mark.parametrize("sentence_order", [True, False])
def test_training_lowers_the_loss_and_tells_the_selection_metric(tokenizer, sentence_order):
    task = create_task({"name": "pretraining", "sentence_order": sentence_order})
    rows = [task.encode_row({keys.TEXT: "The film was long. Nobody laughed. It was fine."})] * 8
    features = {
        name: tf.constant([row[name] for row in rows]) for name in (keys.DOCUMENT, keys.TEXT)
    }
    transformed = task.preprocess(features, tokenizer, 32)
    batch = task.batch(transformed, seed=tf.constant([1, 0], tf.int64))
    batches = tf.data.Dataset.from_tensors(batch).repeat(15)
    model = candidate(task, tokenizer).model
    model.compile(
        keras.optimizers.Adam(0.02), loss=task.loss(), weighted_metrics=task.training_metrics()
    )
    before = model.evaluate(batches.take(1), verbose=0, return_dict=True)
    model.fit(batches, shuffle=False, verbose=0)
    after = model.evaluate(batches.take(1), verbose=0, return_dict=True)
    assert task.selection_metric in after
    assert after["loss"] < 0.8 * before["loss"]


def test_the_bias_of_a_new_head_is_the_frequency_of_each_piece(task, tokenizer):
    head = candidate(task, tokenizer).model.get_layer("mlm")
    np.testing.assert_array_equal(head.output_bias.numpy(), tokenizer.log_frequencies)


def test_a_head_that_is_given_keeps_its_bias(task, tokenizer, vocabulary, tmp_path):
    trained = candidate(task, tokenizer)
    trained.model.get_layer("mlm").output_bias.assign(np.arange(tokenizer.vocabulary_size))
    (tmp_path / "vocabulary.spm").write_bytes(vocabulary)
    trained.save_preset(str(tmp_path / "preset"), str(tmp_path / "vocabulary.spm"))
    config = ModelConfig(weights=str(tmp_path / "preset"), max_length=32)
    again = Candidate.build(task, config, tokenizer, seed=1, precision="float32")
    bias = again.model.get_layer("mlm").output_bias.numpy()
    assert bias.tolist() == list(range(tokenizer.vocabulary_size))


def test_a_vocabulary_without_frequencies_leaves_the_bias_at_zero(task):
    config = VocabularyConfig(size=160, algorithm="bpe")
    tokenizer = AlbertTokenizer(train_vocabulary(SENTENCES, config))
    assert tokenizer.log_frequencies is None
    assert not candidate(task, tokenizer).model.get_layer("mlm").output_bias.numpy().any()


def test_the_word_embeddings_are_trained_from_the_head_too(task, tokenizer):
    model = candidate(task, tokenizer).model
    paths = [variable.path for variable in model.trainable_variables]
    assert len(paths) == len(set(paths))
    assert {"token_embedding/embeddings", "mlm/output_bias", "sop/kernel"} <= set(paths)
