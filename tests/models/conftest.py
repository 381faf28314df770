"""A tiny vocabulary, trained once."""

import pytest

from models.config import VocabularyConfig
from models.tokenizer import AlbertTokenizer
from models.vocabulary import train_vocabulary
from tests.models import reference

SENTENCES = [
    "The film was long, dull and entirely without charm.",
    "A fine film: funny, warm, and never a minute too long!",
    "Nobody in the audience laughed, and rightly so.",
    "In 1999, 2,500 people saw it on 12 evenings, or 1,000,000 in all.",
    "5, 5, 5, 7, 7, 7, 1,5 2,5 3,5 4,5 1,5 2,5 3,5 4,5 10, 20, 30, 40, 110, 120, 240,",
    "He said \"no\", she said ``yes'', and both were (perhaps) right.",
    "Crème brûlée costs £5 or €6 – not $7.",
]


@pytest.fixture(scope="session")
def vocabulary():
    """A SentencePiece model, with every special piece and some pieces of a digit and a comma."""
    return train_vocabulary(SENTENCES, VocabularyConfig(size=160))


@pytest.fixture(scope="session")
def processor(vocabulary):
    return reference.load(vocabulary)


@pytest.fixture
def tokenizer(vocabulary):
    return AlbertTokenizer(vocabulary)
