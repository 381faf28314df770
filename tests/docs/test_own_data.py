"""The README's "Your own data", run as it stands on a tiny file."""

import itertools
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, blocks, section, shell_commands

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

README = ROOT / "README.md"
SHORT_RUN = (
    *("--set", "train.epochs=null"),
    *("--set", "train.steps=8"),
    # Eight steps teach nothing; the rules of the gate are tested elsewhere.
    *("--set", "evaluate.thresholds=[]"),
)


def _commands() -> list[list[str]]:
    text = section(README, "## Your own data")
    block = next(block for block in blocks(README, "bash") if block.text in text)
    return [words for words in shell_commands(block) if words[0] == "albert-tfx"]


def _write_reviews(path: Path) -> None:
    whats = ("soup", "bread", "service", "terrace", "coffee", "music", "waiter", "dessert")
    praise = ("fine", "lovely", "fresh", "warm", "a joy", "as good as ever")
    blame = ("cold", "stale", "slow", "noisy", "a mess", "as bad as ever")
    times = ("on Monday", "on Friday", "at noon", "this evening", "yesterday")
    rows = [
        f"The {what} was {how} {when}.\t{label}"
        for label, hows in (("good", praise), ("bad", blame))
        for what, how, when in itertools.product(whats, hows, times)
    ]
    random.Random(0).shuffle(rows)
    path.write_text("\n".join(["review\tverdict", *rows]) + "\n", "utf-8")


def _run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done


def test_init_run_predict_and_models_work_as_they_stand_in_the_readme(tmp_path: Path) -> None:
    commands = _commands()
    assert [words[1] for words in commands] == ["init", "run", "predict", "models"]
    _write_reviews(tmp_path / "reviews.tsv")
    printed = {}
    for _, name, *arguments in commands:
        extra = SHORT_RUN if name == "run" else ()
        printed[name] = _run([name, *arguments, *extra], tmp_path).stdout
    answer = json.loads(printed["predict"])
    assert answer["text"] == "Would come again."
    assert answer["label"] in ("good", "bad")
    assert "live" in printed["models"]
    report = json.loads((tmp_path / "runs" / "reviews" / "run.json").read_text("utf-8"))
    assert report["status"] == "published"
