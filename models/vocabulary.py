"""Trains a SentencePiece vocabulary with the options of the original ALBERT."""

import hashlib
import heapq
import io
import itertools
import logging
from collections.abc import Iterable, Iterator
from typing import Any

import sentencepiece
import tensorflow as tf

from models.config import VocabularyConfig
from models.normalization import normalize
from models.tokenizer import CLS_PIECE, MASK_PIECE, PAD_PIECE, SEP_PIECE, UNK_PIECE
from schemas.errors import UserError

_BATCH_SIZE = 4096
_MAX_BYTES = 65_536
"""Longest sentence in bytes that SentencePiece takes; ingest lets fewer characters pass."""
_USER_DEFINED_PIECES = ["(", ")", '"', "-", ".", "–", "£", "€"]
"""Always pieces of their own, as in the original."""


def train_vocabulary(sentences: Iterable[str], config: VocabularyConfig) -> bytes:
    """Trains a vocabulary on normalised sentences.

    The same set of sentences and the same release of SentencePiece give the same bytes, whatever
    the order.

    Args:
      sentences: Raw text.
      config: Size, coverage, and how many sentences to take.

    Returns:
      Content of a SentencePiece model file, with `<pad>` 0, `<unk>` 1, `[CLS]` 2, `[SEP]` 3,
      `[MASK]` 4.

    Raises:
      UserError: If there is no text, or it has more characters than the vocabulary has room for.
    """
    model = io.BytesIO()
    normalized = list(_normalized(_sample(sentences, config.max_sentences)))
    if not normalized:
        raise UserError("the training split must hold text to train a vocabulary on; received none")
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(normalized), model_writer=model, **_options(config)
        )
    except RuntimeError as error:
        raise UserError(
            "vocabulary.size must have room for every character of the data; received "
            f"{config.size}; raise it, or lower vocabulary.character_coverage (SentencePiece "
            f"says: {str(error).rpartition('] ')[2]})"
        ) from error
    _log_size(model.getvalue(), config.size)
    return model.getvalue()


def _options(config: VocabularyConfig) -> dict[str, Any]:
    """Returns the options of the original's `spm_train`, whose algorithm is unigram.

    Unigram training takes only strings that stand in two different words as pieces, and so splits
    frequent short words ("but") where there is little text; BPE does not. The normalisation inside
    the model stays `nmt_nfkc`, as in the published vocabularies. It composes again what
    `models.normalization` took apart (Korean syllables), and, as it is part of the model, does so
    in training, in tf.Transform and in serving alike. One thread, because the pieces depend on the
    number of threads.
    """
    return {
        "model_type": config.algorithm,
        "vocab_size": config.size,
        "hard_vocab_limit": False,
        "character_coverage": config.character_coverage,
        "normalization_rule_name": "nmt_nfkc",
        "pad_id": 0,
        "unk_id": 1,
        "bos_id": -1,
        "eos_id": -1,
        "pad_piece": PAD_PIECE,
        "unk_piece": UNK_PIECE,
        "control_symbols": [CLS_PIECE, SEP_PIECE, MASK_PIECE],
        "user_defined_symbols": _USER_DEFINED_PIECES,
        "max_sentence_length": _MAX_BYTES,
        "num_threads": 1,
        "minloglevel": 2,
    }


def _sample(sentences: Iterable[str], count: int) -> list[str]:
    """Returns the `count` sentences with the smallest hashes, whatever their order."""
    return heapq.nsmallest(count, sentences, key=_hash)


def _hash(sentence: str) -> tuple[bytes, str]:
    return hashlib.blake2b(sentence.encode(errors="replace"), digest_size=8).digest(), sentence


def _normalized(sentences: list[str]) -> Iterator[str]:
    """Yields the normalised sentences, without those that are empty then."""
    remaining = iter(sentences)
    while batch := list(itertools.islice(remaining, _BATCH_SIZE)):
        encoded = tf.constant([sentence.encode(errors="replace") for sentence in batch])
        yield from (text.decode() for text in normalize(encoded).numpy() if text)


def _log_size(model: bytes, wanted: int) -> None:
    processor = sentencepiece.SentencePieceProcessor()
    processor.LoadFromSerializedProto(model)
    if processor.get_piece_size() < wanted:
        logging.getLogger(__name__).warning(
            "the training split has text for %d pieces; vocabulary.size %d is lowered to that",
            processor.get_piece_size(),
            wanted,
        )
