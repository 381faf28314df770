"""Trains the small vocabularies of the golden files, without TensorFlow."""

import io

import sentencepiece


def train_vocabulary(sentences, *, size, user_defined=()):
    """Returns a SentencePiece model with ALBERT's special pieces.

    It has no character map, which would be 240 KB, the largest golden of all.
    """
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences * 4),
        model_writer=model,
        vocab_size=size,
        hard_vocab_limit=False,
        pad_id=0,
        unk_id=1,
        bos_id=-1,
        eos_id=-1,
        pad_piece="<pad>",
        control_symbols=["[CLS]", "[SEP]", "[MASK]"],
        user_defined_symbols=list(user_defined),
        normalization_rule_name="identity",
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()
