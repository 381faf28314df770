import numpy as np
import pytest
import tensorflow as tf

from models.baselines.unigram import fit
from models.config import BaselinesConfig
from models.tasks import create_task
from schemas import features as keys
from schemas.errors import UserError


def fitted(*batches, **options):
    task = create_task({"name": "pretraining", "top_k": 2, **options})
    rows = ({keys.HIDDEN_WORDS: tf.ragged.constant(batch, tf.string)} for batch in batches)
    return fit(rows, task, BaselinesConfig())


WORDS = ([["the", "a"], ["the"]], [["film", "the", "a"]])


def test_every_mask_gets_the_frequent_words():
    answers = fitted(*WORDS)({keys.TEXT: tf.constant(["[MASK] and [MASK].", "none", "[MASK]\nb"])})
    tokens = answers[keys.TOKENS].numpy()
    assert tokens.tolist() == [
        [[b"the", b"a"], [b"the", b"a"]],
        [[b"", b""], [b"", b""]],
        [[b"the", b"a"], [b"", b""]],
    ]
    np.testing.assert_allclose(answers[keys.SCORES].numpy()[0, 0], [3 / 6, 2 / 6])
    assert answers[keys.IN_ORDER].numpy().tolist() == [-1.0, -1.0, 0.5]


def test_an_empty_batch_gets_an_empty_answer():
    answers = fitted(*WORDS)({keys.TEXT: tf.constant([], tf.string)})
    assert answers[keys.TOKENS].shape == (0, 0, 2)


def test_the_order_is_left_out_where_it_is_not_learned():
    answers = fitted(*WORDS, sentence_order=False)({keys.TEXT: tf.constant(["a\n[MASK]"])})
    assert answers.keys() == {keys.TOKENS, keys.SCORES}


def test_no_words_are_refused():
    with pytest.raises(UserError, match="a baseline needs words"):
        fitted()
