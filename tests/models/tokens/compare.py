"""Compares ids with those of transformers on real texts, and prints how many texts differ.

    python -m tests.models.tokens.compare --peer-python PEER/bin/python --data DATA

PEER has sentencepiece and `transformers<5` (the slow tokenizer), or 5. DATA holds `sst2/`,
`wnut17/` and `squad2/`, each file of which is read whole. For each of the three a vocabulary is
trained, which declares the same user-defined pieces as the published one.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.models.golden_vocabulary import train_vocabulary
from tests.models.tokens.corpora import CORPORA

USER_DEFINED = ["(", ")", '"', "-", ".", "–", "£", "€"]
PIECES = 3_000
PEER = """
import json, sys, transformers
folder = sys.argv[1]
tokenizer = transformers.AlbertTokenizer.from_pretrained(folder)
texts = json.load(open(folder + "/texts.json"))
ids = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
json.dump([transformers.__version__, ids], open(folder + "/ids.json", "w"))
"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    for name, read in CORPORA.items():
        texts = read(options.data)
        with tempfile.TemporaryDirectory() as folder:
            compare(name, texts, Path(folder), options.peer_python)


def compare(name, texts, folder, peer_python):
    import tensorflow as tf

    from models.tokenizer import AlbertTokenizer
    from tests.models import reference

    normalized = [reference.normalize(text) for text in texts]
    model = train_vocabulary(normalized, size=PIECES, user_defined=USER_DEFINED)
    (folder / "spiece.model").write_bytes(model)
    (folder / "texts.json").write_text(json.dumps(texts))
    subprocess.run([peer_python, "-c", PEER, folder], check=True)
    version, theirs = json.loads((folder / "ids.json").read_text())
    ours = AlbertTokenizer(model)(tf.constant(texts, tf.string)).to_list()
    pairs = list(zip(ours, theirs, strict=True))
    others = sum(ids != other for ids, other in pairs)
    pieces = sum(sorted(ids) != sorted(other) for ids, other in pairs)
    sys.stdout.write(
        f"{name}: {len(texts):,} texts; ids differ from transformers {version} in {others:,}, "
        f"in {pieces:,} of them by more than their order\n"
    )


if __name__ == "__main__":
    main()
