import random

import pytest

from models.config import VocabularyConfig
from models.vocabulary import train_vocabulary
from schemas.errors import UserError
from tests.models import reference
from tests.models.conftest import SENTENCES

CONFIG = VocabularyConfig(size=90)


def pieces(processor):
    return [processor.id_to_piece(piece_id) for piece_id in range(processor.get_piece_size())]


def test_ids_of_special_pieces_are_those_of_the_published_vocabularies(processor):
    assert pieces(processor)[:5] == ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]


def test_punctuation_of_the_original_has_pieces_of_its_own(processor):
    assert set('()"-.–£€') < set(pieces(processor))


def test_pieces_are_of_normalised_text(processor):
    letters = "".join(pieces(processor)[5:])
    assert letters == letters.lower()
    assert "é" not in letters


def test_same_bytes_again():
    assert train_vocabulary(SENTENCES, CONFIG) == train_vocabulary(SENTENCES, CONFIG)


def test_order_does_not_matter():
    shuffled = random.Random(1).sample(SENTENCES, len(SENTENCES))
    assert train_vocabulary(shuffled, CONFIG) == train_vocabulary(SENTENCES, CONFIG)


def test_sample_does_not_depend_on_the_order():
    config = VocabularyConfig(size=90, max_sentences=3)
    model = train_vocabulary(SENTENCES, config)
    assert train_vocabulary(SENTENCES[::-1], config) == model
    assert model != train_vocabulary(SENTENCES, CONFIG)


def test_size_is_lowered_to_what_the_text_gives(caplog):
    processor = reference.load(train_vocabulary(["a b c"], VocabularyConfig(size=1000)))
    assert processor.get_piece_size() < 64
    assert f"text for {processor.get_piece_size()} pieces; vocabulary.size 1000" in caplog.text


def test_korean_syllables_stay_whole():
    """NFKD takes them apart; the normalisation inside the model puts them together again."""
    processor = reference.load(
        train_vocabulary(["한국어 한국어 한국어"], VocabularyConfig(size=64))
    )
    assert "한" in "".join(pieces(processor))


def test_long_sentences_are_not_left_out():
    processor = reference.load(train_vocabulary(["word " * 2000], VocabularyConfig(size=64)))
    assert processor.encode("word")


@pytest.mark.parametrize("sentences", [[], ["", "  "], ["\u0301"]])
def test_no_text(sentences):
    with pytest.raises(UserError, match="must hold text to train a vocabulary on; received none"):
        train_vocabulary(sentences, CONFIG)


def test_more_characters_than_pieces():
    sentences = [chr(0x4E00 + number) * 3 for number in range(200)]
    with pytest.raises(UserError, match=r"vocabulary.size must .* received 64; raise it"):
        train_vocabulary(sentences, VocabularyConfig(size=64))
