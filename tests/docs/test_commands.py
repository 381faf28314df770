"""Commands and code in the documentation: they exist, and what can be run is run."""

import doctest
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from pipeline.cli import app
from pipeline.loading import check_config, load_config
from tests.docs.markdown import PAGES, ROOT, Block, blocks, name_of, shell_commands

SHELL_BLOCKS = [block for page in PAGES for block in blocks(page, "bash", "console")]
YAML_BLOCKS = [block for page in PAGES for block in blocks(page, "yaml")]
PYTHON_PAGES = [page for page in PAGES if blocks(page, "python")]

OTHER_PROGRAMS = {"cd", "curl", "docker", "git", "pre-commit", "source", "tensorboard"}
"""Programs of others that the documentation names; their arguments are theirs."""

NO_RESULT_OF_OURS = {"runs"}
"""Top-level folders that a run makes, so that what is below them need not be there."""

MINIMAL: Mapping[str, Any] = {
    "name": "reviews",
    "task": {"name": "classification", "labels": ["bad", "good"]},
    "ingest": {"train": "reviews.tsv"},
}


def _commands() -> Iterator[tuple[Block, list[str]]]:
    for block in SHELL_BLOCKS:
        for words in shell_commands(block):
            yield block, words


def _by_program(*programs: str) -> list[Any]:
    found = [(block, words) for block, words in _commands() if Path(words[0]).name in programs]
    return [
        pytest.param(block, words[1:], id=f"{block}: {' '.join(words)}") for block, words in found
    ]


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def _configs_written_on(page: str) -> set[str]:
    """Returns the configs that the `init` commands of a page write."""
    written = set()
    for block, words in _commands():
        if block.page == page and words[:2] == ["albert-tfx", "init"]:
            named = [words[i + 1] for i, word in enumerate(words) if word in ("-o", "--output")]
            written.update(named or ["config.yaml"])
    return written


def test_there_is_something_to_check() -> None:
    assert _by_program("albert-tfx")
    assert _by_program("make")
    assert YAML_BLOCKS
    assert PYTHON_PAGES


def test_every_program_is_known() -> None:
    known = {"albert-tfx", "make", "python", *OTHER_PROGRAMS}
    strange = {
        f"{block}: {words[0]}" for block, words in _commands() if Path(words[0]).name not in known
    }
    assert not strange


@pytest.mark.parametrize(("block", "arguments"), _by_program("albert-tfx"))
def test_albert_tfx_takes_the_command(block: Block, arguments: list[str]) -> None:
    group = typer.main.get_command(app)
    if arguments == ["--help"]:
        return
    name, *rest = arguments
    assert name in group.commands, f"{block}: albert-tfx has no command {name}"
    # Parses every option and argument, and raises a usage error where one is unknown or missing.
    context = group.commands[name].make_context(name, [word for word in rest if word != "--help"])
    if name != "run":
        return
    config = str(context.params["config"])
    if config not in _configs_written_on(block.page):
        load_config(ROOT / config, context.params["overrides"] or ())


@pytest.mark.parametrize(("block", "arguments"), _by_program("make"))
def test_make_has_the_target(block: Block, arguments: list[str]) -> None:
    targets = [word for word in arguments if "=" not in word and not word.startswith("-")]
    assert set(targets) <= _make_targets(), str(block)


@pytest.mark.parametrize(("block", "arguments"), _by_program("python"))
def test_python_is_given_what_there_is(block: Block, arguments: list[str]) -> None:
    if arguments[0] == "-m":
        module = arguments[1].replace(".", "/")
        assert arguments[1] == "pytest" or (ROOT / f"{module}.py").is_file(), str(block)
    else:
        assert (ROOT / arguments[0]).is_file(), str(block)


def test_paths_of_the_repository_are_there() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()} - NO_RESULT_OF_OURS
    missing = {
        f"{block}: {word}"
        for block, words in _commands()
        for word in words
        if "/" in word and word.split("/")[0] in folders - {".venv"} and not (ROOT / word).exists()
    }
    assert not missing


@pytest.mark.parametrize("block", YAML_BLOCKS, ids=str)
def test_yaml_is_part_of_a_config(block: Block) -> None:
    check_config(_merged(MINIMAL, yaml.safe_load(block.text)), source=str(block))


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in change.items():
        inner = merged.get(key)
        # A task that is named is another one, with keys of its own.
        both = isinstance(inner, Mapping) and isinstance(value, Mapping) and "name" not in value
        merged[key] = _merged(inner, value) if both else value
    return merged


@pytest.mark.parametrize("page", PYTHON_PAGES, ids=name_of)
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page run one after the other in one namespace."""
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": page.stem.replace("-", "_")}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for block in blocks(page, "python"):
        if block.text.startswith(">>>"):
            test = doctest.DocTestParser().get_doctest(
                block.text, namespace, str(block), block.page, block.line - 1
            )
            runner.run(test, clear_globs=False)
            namespace.update(test.globs)
        else:
            exec(compile(block.text, str(ROOT / block.page), "exec"), namespace)
    assert runner.summarize(verbose=False).failed == 0
