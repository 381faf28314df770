"""The ALBERT tokenizer as a graph: raw text in, piece ids out, alike in training and serving."""

import numpy as np
import sentencepiece
import tensorflow as tf
import tensorflow_text as tf_text

from models.normalization import normalize
from models.offsets import SourceMap, TokensWithOffsets
from schemas.errors import UserError

CLS_PIECE = "[CLS]"
SEP_PIECE = "[SEP]"
MASK_PIECE = "[MASK]"
PAD_PIECE = "<pad>"
UNK_PIECE = "<unk>"
SPECIAL_PIECES = (CLS_PIECE, SEP_PIECE, MASK_PIECE, PAD_PIECE, UNK_PIECE)

WORD_START = "\N{LOWER ONE EIGHTH BLOCK}"
"""What a piece begins with where a word begins; it stands for the space before."""


class AlbertTokenizer(tf.Module):
    """Normalises text and splits it into the pieces of a SentencePiece model.

    Ids equal those of the original: its rule for pieces that end in a digit and a comma is
    applied, and no text of the input becomes the id of a special piece, also where the model
    declares them as user-defined symbols. Where splits have the same score, the order of the
    pieces may differ from PyPI's newer sentencepiece ("..", "." for "...", or ".", "..").

    tf.Transform needs it to be made inside `preprocessing_fn`. As an attribute of an exported
    tf.Module it is saved with the model; a process that loads that model must import
    tensorflow_text first. In eager mode, set seeds before it is made: `tf.random.set_seed`, and so
    `keras.utils.set_random_seed`, empties the kernel cache that owns it.

    Attributes:
      cls_id: Id of `[CLS]`.
      sep_id: Id of `[SEP]`.
      mask_id: Id of `[MASK]`.
      pad_id: Id of `<pad>`.
      unk_id: Id of `<unk>`.
      vocabulary_size: Number of ids.
      pieces: The piece of every id, str `(vocabulary_size,)`.
      log_frequencies: The logarithm of the share of text that is each piece, as the training of
        the vocabulary saw it, float32 `(vocabulary_size,)`; None for a BPE model, whose scores are
        ranks.
    """

    def __init__(self, model: bytes) -> None:
        """Makes a tokenizer.

        Args:
          model: Content of a SentencePiece model file.

        Raises:
          UserError: If `model` is no SentencePiece model, or lacks a special piece.
        """
        super().__init__(name="albert_tokenizer")
        processor = load_processor(model)
        self.cls_id, self.sep_id, self.mask_id, self.pad_id, self.unk_id = (
            processor.piece_to_id(piece) for piece in SPECIAL_PIECES
        )
        self.vocabulary_size = processor.get_piece_size()
        self.pieces = np.array(
            [processor.id_to_piece(piece_id) for piece_id in range(self.vocabulary_size)]
        )
        self.log_frequencies = _log_frequencies(processor)
        self._set_replacements(processor)
        # Not FastSentencepieceTokenizer: it corrupts the heap on batches of some thousand rows.
        self._sentencepiece = tf_text.SentencepieceTokenizer(model=model, out_type=tf.int32)

    def __call__(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Splits text into pieces.

        Args:
          text: Raw text, string `(batch,)`.

        Returns:
          Piece ids without special pieces, int32 `(batch, None)`.
        """
        ids = self._sentencepiece.tokenize(normalize(text))
        if not self._has_replacements:
            return ids
        return self._replaced(self._replaced_ids, ids).merge_dims(1, 2)

    def with_offsets(self, text: tf.Tensor) -> TokensWithOffsets:
        """Splits text into pieces, and tells what each covers in the text as it was given.

        A piece covers no space before its word. Pieces that share a character of the original, as
        those of a ligature may, cover the whole of it; accents belong to the letter before them. A
        piece that is only a word start is empty and stands where its word starts.

        Args:
          text: Raw text, string `(batch,)`. Bytes that are no UTF-8 count as U+FFFD, one for each
            that `tf.strings.unicode_transcode` puts there.

        Returns:
          The ids of `__call__`, and their offsets in Unicode code points.
        """
        normalized = normalize(text)
        ids, starts, ends = self._sentencepiece.tokenize_with_offsets(normalized)
        source = SourceMap(text, normalized, self._is_blank)
        starts, ends = source.visible_before(starts), source.visible_before(ends)
        if self._has_replacements:
            ids, starts, ends = self._replaced_pieces(ids, starts, ends)
        return TokensWithOffsets(ids, *source.offsets(starts, ends))

    def _replaced_pieces(
        self, ids: tf.RaggedTensor, starts: tf.RaggedTensor, ends: tf.RaggedTensor
    ) -> tuple[tf.RaggedTensor, tf.RaggedTensor, tf.RaggedTensor]:
        """Replaces pieces together with what each covers, counted in visible characters."""
        before = self._replaced(self._replaced_before, ids)
        num_parts = before.values.row_lengths()
        start = tf.repeat(starts.flat_values, num_parts)
        end = tf.repeat(ends.flat_values, num_parts)
        new_ids = self._replaced(self._replaced_ids, ids).merge_dims(1, 2)
        after = self._replaced(self._replaced_after, ids).flat_values
        return (
            new_ids,
            new_ids.with_flat_values(tf.minimum(start + before.flat_values, end)),
            new_ids.with_flat_values(tf.minimum(start + after, end)),
        )

    def _replaced(self, values: np.ndarray, ids: tf.RaggedTensor) -> tf.RaggedTensor:
        """Returns the values of what each id is replaced by, `(batch, None, None)`."""
        table = tf.RaggedTensor.from_row_splits(  # pyright: ignore[reportAttributeAccessIssue]
            values, self._replaced_splits, validate=False
        )
        return tf.gather(table, ids)

    def _is_blank(self, characters: tf.Tensor) -> tf.Tensor:
        """Returns which characters, string `(n,)`, the model removes or takes for a space."""
        return self._sentencepiece.tokenize(characters).row_lengths() == 0

    def _set_replacements(self, processor: sentencepiece.SentencePieceProcessor) -> None:
        """Keeps what ids are replaced by as a table of all, in arrays, which a SavedModel can hold.

        A part of a piece covers the visible characters of the piece from `before` to `after`; the
        last part covers the rest.
        """
        replacements = _replacements(processor)
        rows = [
            replacements.get(piece_id, [processor.id_to_piece(piece_id)])
            for piece_id in range(self.vocabulary_size)
        ]
        self._has_replacements = bool(replacements)
        ids = [processor.piece_to_id(part) for row in rows for part in row]
        self._replaced_ids = np.array(ids, np.int32)
        self._replaced_splits = np.cumsum([0, *map(len, rows)]).astype(np.int64)
        lengths = [[len(part.replace(WORD_START, "")) for part in row] for row in rows]
        ends = [np.cumsum([*row[:-1], np.iinfo(np.int32).max]) for row in lengths]
        self._replaced_after = np.concatenate(ends).astype(np.int64)
        self._replaced_before = np.concatenate([np.insert(row[:-1], 0, 0) for row in ends])


def load_processor(model: bytes) -> sentencepiece.SentencePieceProcessor:
    """Loads a SentencePiece model and checks that ALBERT can use it.

    Args:
      model: Content of a SentencePiece model file.

    Raises:
      UserError: If `model` is no SentencePiece model, or lacks a special piece.
    """
    processor = sentencepiece.SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(model)
    except RuntimeError as error:
        raise UserError(
            f"vocabulary.model must be a SentencePiece model; received {len(model):,} bytes that "
            f"start with {model[:16]!r}; give the .model or .spm file of a published ALBERT, or "
            "unset it to train one"
        ) from error
    missing = [piece for piece in SPECIAL_PIECES if not _holds(processor, piece)]
    if missing:
        raise UserError(
            f"the vocabulary must hold the special pieces {', '.join(SPECIAL_PIECES)}; received "
            f"one without {', '.join(missing)}; give an ALBERT vocabulary, or unset "
            "vocabulary.model to train one"
        )
    return processor


def _log_frequencies(processor: sentencepiece.SentencePieceProcessor) -> np.ndarray | None:
    """Returns the scores of a unigram model, which are logarithms of probabilities.

    Pieces that always are pieces of their own have no score: they get that of the mean piece, and
    those that no text becomes, as `[CLS]`, that of the rarest.
    """
    size = processor.get_piece_size()
    scores = np.array([processor.get_score(piece_id) for piece_id in range(size)], np.float32)
    scored = scores < 0
    if not np.isclose(np.exp(scores[scored]).sum(), 1.0, atol=0.2):
        return None
    special = np.isin(np.arange(size), [processor.piece_to_id(piece) for piece in SPECIAL_PIECES])
    scores = np.where(special, scores[scored].min(), scores)
    return np.where(scored | special, scores, -np.log(size)).astype(np.float32)


def _holds(processor: sentencepiece.SentencePieceProcessor, piece: str) -> bool:
    return processor.id_to_piece(processor.piece_to_id(piece)) == piece


def _replacements(processor: sentencepiece.SentencePieceProcessor) -> dict[int, list[str]]:
    """Returns the pieces that the original writes as other pieces, by id.

    A piece such as "9," becomes the pieces of "9", then ",". A special piece that the input
    spelled out becomes unknown; control symbols, as in the published models, are never found in
    text.
    """
    replacements = {}
    for piece_id in range(processor.get_piece_size()):
        piece = processor.id_to_piece(piece_id)
        if piece in SPECIAL_PIECES:
            if not processor.is_control(piece_id) and not processor.is_unknown(piece_id):
                replacements[piece_id] = [processor.id_to_piece(processor.unk_id())]
        elif len(piece) > 1 and piece[-1] == "," and piece[-2].isdigit():
            replacements[piece_id] = _split_comma(processor, piece)
    return replacements


def _split_comma(processor: sentencepiece.SentencePieceProcessor, piece: str) -> list[str]:
    """Splits a piece of digits and a comma, as the original does after SentencePiece.

    Source: `encode_pieces` in tokenization.py of google-research/albert.
    """
    parts = processor.encode(piece[:-1].replace(WORD_START, ""), out_type=str)
    if not piece.startswith(WORD_START) and parts[0].startswith(WORD_START):
        parts = parts[1:] if parts[0] == WORD_START else [parts[0][1:], *parts[1:]]
    return [*parts, piece[-1]]
