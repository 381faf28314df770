from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.config import ModelConfig, TrainConfig, VocabularyConfig
from pipeline.init.choices import choose, num_too_long
from pipeline.init.survey import Survey
from schemas.errors import UserError


def _survey(num_rows=1000, *, words=10, characters=None, rejected=0, leaks=0) -> Survey:
    survey = Survey(
        words=Counter({words: num_rows}), characters=Counter({characters or words * 5: num_rows})
    )
    survey.counts.accepted["train"] = num_rows
    survey.counts.rejected["column_count"] = rejected
    survey.counts.leaks["eval"] = leaks
    return survey


@pytest.mark.parametrize(
    ("words", "characters", "max_length"),
    [
        (1, 5, 16),
        (10, 50, 24),
        (43, 240, 72),
        (1000, 6000, 512),
        (1, 100, 88),  # a script without spaces: nearly a token a character
    ],
)
def test_the_longest_input_fits_the_texts(words, characters, max_length):
    survey = _survey(words=words, characters=characters)
    assert choose(survey, [], None).max_length == max_length


@pytest.mark.parametrize(
    ("num_rows", "words", "epochs"),
    [
        (100, 10, 40.0),
        (5_000, 10, 6.0),
        (6_920, 18, 4.0),
        (100_000, 20, 1.3),
        (1_000_000, 20, 0.1),
        (25_000, 230, 0.5),
    ],
)
def test_training_is_short(num_rows, words, epochs):
    assert choose(_survey(num_rows, words=words), [], None).epochs == pytest.approx(epochs)


@pytest.mark.parametrize(
    ("texts", "size"),
    [
        (["good bad", "bad ugly"], 110),  # characters and their margin
        ([f"word{number}" for number in range(500)], 500),
        ([f"word{number}" for number in range(10_000)], 5000),
        ([f"word{number}" for number in range(100_000)], 30_000),
    ],
)
def test_the_vocabulary_can_be_filled(texts, size):
    assert choose(_survey(), texts, None).vocabulary_size == pytest.approx(size, rel=0.05)


def test_documents_longer_than_the_usual_limit_are_let_in():
    survey = _survey(1000, words=3000, characters=18_000)
    survey.characters[900_000] = 1  # one in a thousand stays out
    choices = choose(survey, [], None)
    assert choices.max_text_length == 18_000
    assert num_too_long(survey, choices.max_text_length) == 1


@pytest.mark.parametrize(("rejected", "ratio"), [(0, 0.01), (10, 0.01), (50, 0.06), (400, 0.32)])
def test_the_limit_of_rejected_rows_lets_these_files_through(rejected, ratio):
    found = choose(_survey(1000, rejected=rejected), [], None).max_rejected_ratio
    assert found == pytest.approx(ratio)
    assert rejected / (1000 + rejected) <= found


def test_files_of_which_half_is_of_no_use_are_refused():
    with pytest.raises(UserError, match="1,000 of 2,000 rows cannot be used; mend the file"):
        choose(_survey(1000, rejected=1000), [], None)


@pytest.mark.parametrize(("leaks", "policy"), [(0, "warn"), (3, "drop")])
def test_leaks_are_dropped_where_there_are_any(leaks, policy):
    assert choose(_survey(leaks=leaks), [], None).leaks == policy


@given(
    num_rows=st.integers(1, 10**9),
    words=st.integers(1, 10**5),
    characters=st.integers(1, 10**6),
    texts=st.lists(st.text(max_size=50), max_size=20),
)
def test_choices_are_within_what_the_config_takes(num_rows, words, characters, texts):
    choices = choose(_survey(num_rows, words=words, characters=characters), texts, 0.1)
    ModelConfig(max_length=choices.max_length)
    TrainConfig(epochs=choices.epochs)
    VocabularyConfig(size=choices.vocabulary_size)
