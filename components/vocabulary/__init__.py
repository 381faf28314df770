"""A SentencePiece vocabulary: a given one, or one trained on the training split."""
