"""The shipped data set is what its generator writes, and holds what its page promises."""

import csv
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

_DEMO = Path(__file__).parents[2] / "data" / "demo"


@pytest.fixture(scope="module")
def generator() -> Iterator[ModuleType]:
    """data/demo/generate.py, imported as it runs: with its folder on the path."""
    sys.path.insert(0, str(_DEMO))
    spec = importlib.util.spec_from_file_location("demo_generate", _DEMO / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(_DEMO))
    for name in (spec.name, "grammar", "lexicon"):
        sys.modules.pop(name, None)


def _rows(split: str) -> list[dict[str, str]]:
    with (_DEMO / f"{split}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_same_seed_gives_the_committed_bytes(generator: ModuleType, tmp_path: Path) -> None:
    generator.main(["--output-dir", str(tmp_path)])
    for name in ("train.tsv", "eval.tsv"):
        assert (tmp_path / name).read_bytes() == (_DEMO / name).read_bytes()


def test_no_message_occurs_twice_in_or_across_the_splits() -> None:
    messages = [row["message"].casefold() for split in ("train", "eval") for row in _rows(split)]
    assert len(messages) == len(set(messages))


@pytest.mark.parametrize(("split", "smallest"), [("train", 4000), ("eval", 800)])
def test_a_split_has_every_label_and_topic(split: str, smallest: int) -> None:
    rows = _rows(split)
    assert len(rows) >= smallest
    assert {row["label"] for row in rows} == {"praise", "complaint", "request"}
    topics = {"app", "billing", "delivery", "product", "refund", "staff"}
    assert {row["topic"] for row in rows} == topics


def test_every_construction_is_in_the_eval_split(generator: ModuleType) -> None:
    _, eval_ = generator.generate_splits()
    expected = {"plain", "request", "negation", "contrast", "roles", "handwritten"}
    assert {message.construction for message in eval_} == expected


def test_a_minimal_pair_is_in_one_split_and_has_two_labels(generator: ModuleType) -> None:
    train, eval_ = generator.generate_splits()
    places = defaultdict(set)
    labels = defaultdict(list)
    for split, messages in (("train", train), ("eval", eval_)):
        for message in messages:
            places[message.pair].add(split)
            labels[message.pair].append((message.construction, message.label))
    assert all(len(splits) == 1 for splits in places.values())
    generated = [pair for number, pair in labels.items() if number > 0 and len(pair) == 2]
    assert len(generated) > 1500
    assert all(one[1] != other[1] for one, other in generated)
