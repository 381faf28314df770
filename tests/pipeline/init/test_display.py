import io
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.init.display import show_findings, show_next, show_warnings


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=120, color_system=None)


@pytest.fixture
def shown(console, inspect, tmp_path, monkeypatch):
    """Shows what is in a file, white space squeezed and lines of tables left out."""
    monkeypatch.chdir(tmp_path)

    def show(path):
        found = inspect(path.relative_to(tmp_path))
        show_findings(console, found.layouts, found.profiles, found.roles, found.survey)
        return " ".join(console.file.getvalue().replace("─", " ").split())

    return show


def test_files_columns_and_labels_are_shown(write_rows, messages, shown):
    rows = [(n, text, label) for n, (text, label) in enumerate(messages)]
    shown = shown(write_rows("rows.csv.gz", [("id", "text", "label"), *rows]))
    assert "rows.csv.gz train, and eval split from it CSV, header, gzip 300" in shown
    assert "id not used: 300 different values 300 0" in shown
    assert f"text text 300 {messages[0][0]}"[:40] in shown
    good = sum(label == "good" for _, label in messages)
    assert f"good {good} {good / 300:.1%}" in shown


def test_lengths_are_shown(write, shown):
    texts = ["one", "one two", "one two three four"] * 10
    shown = shown(
        write("rows.tsv", "".join(f"{text} {n}\t{n % 2}\n" for n, text in enumerate(texts)))
    )
    assert "text length min median 95 % max words 2 3 5 5 characters 5 10 21 21" in shown


def test_repeats_and_unusable_rows_are_shown_with_examples(write, messages, shown):
    rows = "".join(f"{text}\t{label}\n" for text, label in messages)
    first = messages[0]
    path = write("rows.tsv", f"{rows}{first[0]}\t{first[1]}\n\tgood\na\tb\tc\n")
    output = shown(path)
    assert "same text, same label 1" in output
    assert "rows.tsv:301" in output
    assert "empty text 1" in output
    assert "column count 1" in output


def test_rare_labels_are_marked_and_many_are_cut(write, shown):
    rows = [f"text number {n} of many\tlabel{n % 25}\n" for n in range(2500)]
    output = shown(write("rows.tsv", "".join([*rows, "a rare text\trare\n"])))
    assert "… 6 more" in output
    assert "1 rare" in output


def test_markup_in_the_data_is_shown_as_it_is(write, console, shown):
    rows = "".join(f"[red]text[/] {n} [link=x]\t[bold]{n % 2}\n" for n in range(40))
    output = shown(write("rows.tsv", rows))
    assert "[red]text[/] 0 [link=x]" in output
    assert "[bold]1" in output


def test_warnings_are_shown_one_a_line(console):
    show_warnings(console, ["first [bold]", "second"])
    assert console.file.getvalue() == "! first [bold]\n! second\n"


def test_the_commands_to_type_next_can_be_copied(console):
    show_next(console, Path("my config.yaml"), Path("my config.pbtxt"), Path("runs/x/serving"))
    lines = [line.strip() for line in console.file.getvalue().splitlines()]
    assert "albert-tfx run 'my config.yaml'" in lines
    assert 'albert-tfx predict --model-base runs/x/serving "a text of yours"' in lines
