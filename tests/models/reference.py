"""The original ALBERT's tokenizer in plain Python, to compare with.

The rules are those of `preprocess_text` and `_tokenize` of the slow `AlbertTokenizer` of
transformers 4 with its defaults: lower case, no accents.
"""

import unicodedata

import sentencepiece

WORD_START = "▁"


def normalize(text):
    text = " ".join(text.strip().split())
    text = text.replace("``", '"').replace("''", '"')
    text = unicodedata.normalize("NFKD", text)
    text = "".join(character for character in text if not unicodedata.combining(character))
    return text.lower()


def tokenize(processor, text):
    pieces = []
    for piece in processor.encode(normalize(text), out_type=str):
        if len(piece) > 1 and piece[-1] == "," and piece[-2].isdigit():
            parts = processor.encode(piece[:-1].replace(WORD_START, ""), out_type=str)
            if piece[0] != WORD_START and parts[0][0] == WORD_START:
                if len(parts[0]) == 1:
                    parts = parts[1:]
                else:
                    parts[0] = parts[0][1:]
            pieces += [*parts, ","]
        else:
            pieces.append(piece)
    return pieces


def encode(processor, text):
    return [processor.piece_to_id(piece) for piece in tokenize(processor, text)]


def load(model):
    processor = sentencepiece.SentencePieceProcessor()
    processor.LoadFromSerializedProto(model)
    return processor
