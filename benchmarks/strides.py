"""Windows of SQuAD a second: this project's graph beside transformers' fast tokenizer.

    python -m benchmarks.strides SQUAD.json --peer-python PYTHON

Both make the training features of run_qa.py: windows of 384 tokens with the first and last token of
the answer. The peer is what run_qa.py does, on the same rows by a thousand at a time, without the
Arrow tables around it. Ours moves on by 128 pieces, as the original does, and the peer's windows
overlap by 128: the windows of a long context are not the same, so questions a second are shown too.

Files of SQuAD ask several questions about each context, one after the other, and ours reads such a
context once. `distinct` is the same with a number before each context, so that no two are the same.
Both use a vocabulary of 8,000 pieces that is trained on the contexts, and all cores. Each figure is
the best of three passes. Bar: windows a second at least those of the peer.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

MAX_LENGTH, STRIDE, BATCH_SIZE = 384, 128, 1000
_PASSES = 3
_VOCABULARY_SIZE = 8000
_PEER = Path(__file__).with_name("strides_peer.py")
CASES = ("as in the file", "distinct")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures both and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("squad", type=Path, help="a file of SQuAD")
    parser.add_argument("--peer-python", required=True, help="a Python with transformers")
    parser.add_argument("--vocabulary", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.case:
        rows = list(read_rows(options.squad, distinct=options.case != CASES[0]))
        print(json.dumps(measure(rows, options.vocabulary)))  # noqa: T201 - for the parent
        return
    ours = [sys.executable, "-W", "ignore", "-m", "benchmarks.strides", "--peer-python", "-"]
    programs = {"albert-tfx": ours, "transformers": [options.peer_python, str(_PEER)]}
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = write_vocabulary(options.squad, Path(folder))
        common = [str(options.squad), "--vocabulary", str(vocabulary), "--case"]
        results = {
            (name, case): _in_new_process([*command, *common, case])
            for case in CASES
            for name, command in programs.items()
        }
    Console(width=110).print(table(results))


def write_vocabulary(squad: Path, folder: Path) -> Path:
    """Writes a SentencePiece model, and beside it its pieces and scores as JSON for the peer."""
    from models.config import VocabularyConfig
    from models.tokenizer import load_processor
    from models.vocabulary import train_vocabulary

    contexts = sorted({context for _, context, *_ in read_rows(squad, distinct=False)})
    model = train_vocabulary(contexts, VocabularyConfig(size=_VOCABULARY_SIZE))
    processor = load_processor(model)
    pieces = [
        (processor.id_to_piece(number), processor.get_score(number))
        for number in range(processor.get_piece_size())
    ]
    path = folder / "spiece.model"
    path.write_bytes(model)
    path.with_suffix(".json").write_text(json.dumps(pieces), "utf-8")
    return path


def _in_new_process(command: list[str]) -> dict[str, float]:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def read_rows(path: Path, *, distinct: bool) -> Iterator[tuple[str, str, int, int]]:
    """Yields question, context, and first and last code point of the answer, -1 without one."""
    number = 0
    for article in json.loads(path.read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                number += 1
                prefix = f"{number} " if distinct else ""
                start = end = -1
                for answer in question["answers"][:1]:
                    start = answer["answer_start"] + len(prefix)
                    end = start + len(answer["text"])
                yield question["question"], prefix + paragraph["context"], start, end


def measure(rows: Sequence[tuple[str, str, int, int]], vocabulary: Path) -> dict[str, float]:
    """Returns questions, windows, and the seconds of the best pass."""
    import tensorflow as tf

    from models.tasks import create_task
    from models.tokenizer import AlbertTokenizer
    from schemas import features as keys

    task = create_task({"name": "question_answering", "stride": STRIDE})
    tokenizer = AlbertTokenizer(vocabulary.read_bytes())
    names = (keys.QUESTION, keys.CONTEXT, keys.ANSWER_START, keys.ANSWER_END)
    columns: dict[str, Any] = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    columns[keys.ROW_ID] = [str(number) for number in range(len(rows))]
    dataset = tf.data.Dataset.from_tensor_slices(columns).batch(BATCH_SIZE)
    dataset = dataset.map(
        lambda batch: task.transform(batch, tokenizer, MAX_LENGTH),
        num_parallel_calls=tf.data.AUTOTUNE,
    )

    def one_pass() -> int:
        return sum(int(batch[keys.TOKEN_IDS].nrows()) for batch in dataset)

    windows, seconds = one_pass(), []
    for _ in range(_PASSES):
        start = time.perf_counter()
        one_pass()
        seconds.append(time.perf_counter() - start)
    return {"questions": len(rows), "windows": windows, "seconds": min(seconds)}


def table(results: dict[tuple[str, str], dict[str, float]]) -> Table:
    """Returns the table of all cases."""
    shown = Table("contexts", "library", "windows", "windows/s", "questions/s", "windows/s, ratio")
    for (name, case), result in results.items():
        peer = results["transformers", case]
        rate = result["windows"] / result["seconds"]
        shown.add_row(
            case,
            name,
            f"{result['windows']:,.0f}",
            f"{rate:,.0f}",
            f"{result['questions'] / result['seconds']:,.0f}",
            f"{rate / (peer['windows'] / peer['seconds']):.2f}",
        )
    return shown


if __name__ == "__main__":
    main()
