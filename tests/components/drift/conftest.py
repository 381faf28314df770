"""A tiny vocabulary."""

import pytest

from models.config import VocabularyConfig
from models.vocabulary import train_vocabulary
from tests.models.tiny_training import texts


@pytest.fixture(scope="session")
def vocabulary():
    return train_vocabulary([text for text, _ in texts(300)], VocabularyConfig(size=64))
