"""Writes what the tokenizers of transformers make of hard texts into `tokens.json` beside it.

Run twice, with sentencepiece and the two series of transformers (made with 4.57.6 and 5.23.0):

    python -m tests.models.tokens.make_goldens

The vocabulary, `spiece.model`, is trained by the first run. It declares the same user-defined
pieces as the published one.
"""

import json
from pathlib import Path

import sentencepiece
import transformers

from tests.models.golden_vocabulary import train_vocabulary

HERE = Path(__file__).resolve().parent
VOCABULARY = HERE / "spiece.model"
GOLDEN = HERE / "tokens.json"
USER_DEFINED = ["(", ")", '"', "-", ".", "–", "£", "€"]
SENTENCES = [
    "the film was long, dull and entirely without charm.",
    "in 1999, 2,500 people saw it on 12 evenings, or 1,000,000 in all.",
    'he said "no", she said yes - and both were (perhaps) right...',
    "5, 5, 7, 7, 1,5 2,5 3,5 10, 20, 30, 40, 110, 120, 240, £5 or €6 – not $7.",
]
TEXTS = [
    "A fine film.",
    "a film .",
    "two  \t spaces\nand lines ",
    "``quoted'' text",
    "Crème BRÛLÉE",
    "Ångström İstanbul straße ΟΔΟΣ",
    "1,000,000",
    "5, 6, 7,",
    "10, x9, 2,5,",
    "٣,٤ ²,",
    "(perhaps)",
    "said (perhaps) right",
    "self-made - and long-lived",
    'he said "no"',
    "...",
    "wait ... no",
    "costs £5 – or €6",
    "no\u00a0break and\u3000wide and\u2003em",
    "x\x0by \x1cz",
    "zero\u200bwidth \ufeffmark",
    "ﬁne ½ ² ™ …",
    "e\u0301 \u0301",
    "日本語 한국어 🎬",
    "▁a b▁c",
    "[CLS] film [SEP]",
    "<pad> <unk>",
    "",
    "  ",
]


def main():
    if not VOCABULARY.exists():
        VOCABULARY.write_bytes(train_vocabulary(SENTENCES, size=110, user_defined=USER_DEFINED))
    tokenizer = transformers.AlbertTokenizer.from_pretrained(str(HERE))
    processor = sentencepiece.SentencePieceProcessor(model_file=str(VOCABULARY))
    rows = (
        json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else [{"text": t} for t in TEXTS]
    )
    major = transformers.__version__.split(".")[0]
    for row in rows:
        ids = tokenizer.encode(row["text"], add_special_tokens=False)
        row[f"transformers {major}"] = [processor.id_to_piece(one) for one in ids]
    GOLDEN.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
