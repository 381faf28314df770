"""The texts of SST-2, WNUT17 and SQuAD 2.0, every file of them that there is."""

import json

WORDS_A_TEXT = 20


def read_sst2(data):
    lines = [line for path in files(data / "sst2", "tsv") for line in lines_of(path)]
    return [line.split("\t")[0] for line in lines]


def read_wnut17(data):
    """Returns runs of words, whatever sentences they are of."""
    words = [
        line.split("\t")[0] for path in files(data / "wnut17", "conll") for line in lines_of(path)
    ]
    starts = range(0, len(words), WORDS_A_TEXT)
    return [" ".join(words[start : start + WORDS_A_TEXT]) for start in starts]


def read_squad2(data):
    texts = []
    for path in files(data / "squad2", "json"):
        for document in json.loads(path.read_text("utf-8"))["data"]:
            for paragraph in document["paragraphs"]:
                questions = [qa["question"] for qa in paragraph["qas"]]
                texts += [paragraph["context"], *questions]
    return texts


def files(folder, suffix):
    return sorted(folder.glob(f"*.{suffix}"))


def lines_of(path):
    return path.read_text("utf-8").splitlines()


CORPORA = {"SST-2": read_sst2, "WNUT17": read_wnut17, "SQuAD 2.0": read_squad2}
