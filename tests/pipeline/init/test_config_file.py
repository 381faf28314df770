from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.init.choices import Choices
from pipeline.init.config_file import (
    Plan,
    project_name,
    render_config,
    role_names,
    to_comment,
    to_yaml,
)
from pipeline.init.layout import FileLayout
from pipeline.loading import load_config

_CHOICES = Choices(
    max_length=24,
    vocabulary_size=500,
    epochs=8.0,
    eval_fraction=0.2,
    max_text_length=10_000,
    max_rejected_ratio=0.01,
    leaks="warn",
)


def _layout(path="train.csv", **changes) -> FileLayout:
    known = {
        "path": Path(path),
        "format": "csv",
        "format_by_ending": True,
        "header": True,
        "columns": ("text", "label"),
        "width": 2,
    }
    return FileLayout(**known | changes)


def _plan(**changes) -> Plan:
    known = {
        "name": "messages",
        "layouts": {"train": _layout()},
        "columns": {"text": "text", "label": "label"},
        "labels": ("good", "bad"),
        "slices": (),
        "choices": _CHOICES,
        "schema_file": Path("messages.pbtxt"),
    }
    return Plan(**known | changes)


@pytest.fixture
def load(tmp_path):
    """Loads the config of a plan."""

    def load_plan(plan, config_path=Path("messages.yaml")):
        path = tmp_path / "config.yaml"
        path.write_text(render_config(plan, config_path, p99_words=12), "utf-8")
        return load_config(path)

    return load_plan


def test_the_config_says_what_was_planned(load):
    config = load(_plan())
    assert config.name == "messages"
    assert config.typed_task.labels == ("good", "bad")
    assert config.ingest.train == "train.csv"
    assert config.ingest.columns == {"text": "text", "label": "label"}
    assert config.ingest.eval_fraction == 0.2
    assert config.validation.schema_file == "messages.pbtxt"
    assert (config.model.max_length, config.vocabulary.size, config.train.epochs) == (24, 500, 8.0)


def test_gate_and_policies_keep_their_defaults(load):
    config = load(_plan())
    assert config.evaluate.thresholds is None
    assert (config.ingest.duplicates, config.ingest.leaks) == ("warn", "warn")
    assert config.validation.default_action == "stop"


def test_a_file_for_eval_takes_the_place_of_the_fraction(load):
    layouts = {"train": _layout(), "eval": _layout("dev.csv"), "test": _layout("test.csv")}
    plan = _plan(layouts=layouts, choices=_replaced(eval_fraction=None))
    config = load(plan)
    assert (config.ingest.eval, config.ingest.test) == ("dev.csv", "test.csv")
    assert "eval_fraction" not in render_config(plan, Path("a.yaml"), p99_words=1)


def test_a_format_that_the_ending_does_not_say_is_written(load):
    layouts = {"train": _layout("train.txt", format_by_ending=False)}
    assert load(_plan(layouts=layouts)).ingest.format == "csv"


def test_a_file_without_header_has_positions(load):
    layouts = {"train": _layout(header=False, columns=(0, 1))}
    config = load(_plan(layouts=layouts, columns={"text": 1, "label": 0}))
    assert config.ingest.header is False
    assert config.ingest.columns == {"text": 1, "label": 0}


def test_json_has_no_header_to_speak_of():
    layouts = {"train": _layout("train.jsonl", format="jsonl", width=None)}
    assert "header:" not in render_config(_plan(layouts=layouts), Path("a.yaml"), p99_words=1)


def test_slices_are_columns_and_evaluated(load):
    columns = {"text": "text", "label": "label", "product_line": "Product line"}
    config = load(_plan(columns=columns, slices=("product_line",)))
    assert config.ingest.columns["product_line"] == "Product line"
    assert config.evaluate.slices == ("product_line",)


@pytest.mark.parametrize(("ratio", "said"), [(0.01, False), (0.07, True)])
def test_a_raised_limit_is_explained(ratio, said):
    plan = _plan(choices=_replaced(max_rejected_ratio=ratio))
    assert ("then lower it again" in render_config(plan, Path("a.yaml"), p99_words=1)) is said


def test_every_key_has_a_comment_above_it():
    lines = render_config(_plan(), Path("a.yaml"), p99_words=1).splitlines()
    keys = [
        number
        for number, line in enumerate(lines)
        if line.strip() and not line.strip().startswith("#") and not line.rstrip().endswith(":")
    ]
    uncommented = [lines[number].strip() for number in keys if "#" not in lines[number - 1]]
    # The task's name is the section's title; the roles stand below `columns`.
    assert uncommented == ["name: classification", "text: text", "label: label"]


@pytest.mark.parametrize("example", ["thresholds:", "weights: FOLDER"])
def test_what_is_commented_out_is_valid_yaml_too(example):
    lines = render_config(_plan(), Path("a.yaml"), p99_words=1).splitlines()
    block = [line.split("#   ", 1)[1] for line in lines if line.strip().startswith("#   ")]
    assert any(example in line for line in block)
    assert yaml.safe_load("\n".join(block)).keys() == {"model", "train", "thresholds"}


def test_no_line_is_longer_than_a_hundred_characters():
    text = render_config(_plan(), Path("a.yaml"), p99_words=1)
    assert max(map(len, text.splitlines())) <= 100


_LABEL = st.text(max_size=30).map(str.strip).filter(bool)
_LABELS = st.lists(_LABEL, min_size=2, max_size=5, unique=True)


@settings(max_examples=30)
@given(labels=_LABELS, path=st.text(min_size=1, max_size=60), column=st.text(min_size=1))
def test_a_config_loads_whatever_labels_files_and_columns_are_called(
    tmp_path_factory, labels, path, column
):
    plan = _plan(
        labels=tuple(labels),
        layouts={"train": _layout(path, columns=(column, "label"))},
        columns={"text": column, "label": "label"},
        schema_file=Path(f"{path}.pbtxt"),
    )
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(render_config(plan, Path(path), p99_words=1).encode("utf-8", "strict"))
    config = load_config(file)
    assert config.typed_task.labels == tuple(labels)
    assert config.ingest.columns["text"] == column
    assert config.ingest.train == str(Path(path))


@given(
    st.recursive(
        st.text()
        | st.integers()
        | st.booleans()
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda values: st.lists(values, max_size=4),
        max_leaves=8,
    )
)
def test_values_come_back_from_yaml_on_one_line(value):
    text = to_yaml(value)
    assert "\n" not in text
    assert yaml.safe_load(text) == value


@given(st.text(), st.integers(0, 8))
def test_a_comment_holds_nothing_but_comment_lines(text, indent):
    lines = (" " * indent + to_comment(text, indent)).split("\n")
    assert yaml.safe_load("key: 1\n" + "\n".join(lines)) == {"key": 1}


@given(st.lists(st.text() | st.integers(0, 50), unique=True, max_size=8))
def test_roles_of_slices_are_unique_names_of_features(columns):
    names = role_names(columns)
    assert list(names.values()) == columns
    assert all(name.isidentifier() or name[0].isdigit() for name in names)
    assert not {"text", "label", "label_id", "row_id", "length_bucket"} & names.keys()


@pytest.mark.parametrize(
    ("config", "train", "name"),
    [
        ("config.yaml", "reviews.csv", "reviews"),
        ("config.yaml", "data/imdb/train.tsv", "imdb"),
        ("Spam_2024.yaml", "train.tsv", "spam-2024"),
        ("configs/été.yaml", "train.tsv", "t"),
        ("config.yaml", "/train.tsv", "my-model"),
        (f"{'x' * 99}.yaml", "train.tsv", "x" * 63),
    ],
)
def test_a_project_is_named_by_config_file_or_folder(config, train, name):
    assert project_name(Path(config), Path(train)) == name


def _replaced(**changes) -> Choices:
    from dataclasses import replace

    return replace(_CHOICES, **changes)
