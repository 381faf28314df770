"""Configs are read strictly, and every problem is told at once with its path."""

from pathlib import Path

import pytest

from pipeline.loading import apply_override, check_config, load_config
from schemas.errors import UserError

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
GOOD = {
    "name": "news",
    "task": {"name": "classification", "labels": ["good", "bad"]},
    "ingest": {"train": "train.tsv"},
}


def _write(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def test_a_minimal_config_gets_the_defaults(tmp_path: Path) -> None:
    config = check_config(GOOD, source="test")
    assert config.typed_task.labels == ("good", "bad")
    assert config.output_dir == Path("runs/news").absolute()
    assert config.model_base == config.output_dir / "serving"
    assert config.judged_split == "eval"


def test_three_errors_are_told_together_with_their_paths() -> None:
    values = {
        **GOOD,
        "train": {"learning_rate": -1},
        "ingest": {"trian": "x"},
        "task": {"name": "classification"},
    }
    with pytest.raises(UserError) as raised:
        check_config(values, source="my.yaml")
    message = str(raised.value)
    assert message.startswith("my.yaml: 4 problems")
    assert "train.learning_rate: must be greater than 0; received -1" in message
    assert "ingest.train: required key is missing" in message
    assert "ingest.trian: unknown key; did you mean train?" in message
    assert "task.labels: required key is missing" in message
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"task": {"name": "clasification", "labels": ["a", "b"]}},
            "task.name must be one of .*classification",
        ),
        (
            {"model": {"size": "albert-tny"}},
            "model.size must be a known size; received 'albert-tny'; near it: albert-tiny",
        ),
        (
            {"model": {"hidden_dim": 100, "num_heads": 3}},
            "model.hidden_dim must be a multiple of model.num_heads",
        ),
        (
            {"task": {"name": "classification", "labels": ["a", "a"]}},
            "task.labels: labels must be unique",
        ),
        ({"train": {"steps": 1, "epochs": 1}}, "train: give steps or epochs, not both"),
        ({"baselines": {"include": ["tfdif"]}}, "baselines.include: .*received 'tfdif'"),
        ({"name": "No Spaces"}, "name: must be of the form"),
        (
            {"evaluate": {"thresholds": [{"metric": "accuracy"}]}},
            "evaluate.thresholds.0: a threshold needs min or max",
        ),
        ({"evaluate": {"thresholds": [{"metric": "acuracy", "min": 0.5}]}}, "acuracy"),
        ({"evaluate": {"thresholds": [{"metric": "accuracy", "min": 0, "over": "bert"}]}}, "bert"),
        ({"nmae": "x"}, "nmae: unknown key; did you mean name?"),
        ({"train": {"steps": 1.5}}, "train.steps: must be a whole number; received 1.5"),
        ({"train": {"optimizer": "adm"}}, "train.optimizer: must be 'adamw' or 'lamb'; received"),
        ({"validation": {"drift": "maybe"}}, "validation.drift: must be true or false; received"),
        ({"train": {"seeds": []}}, r"train.seeds: must have 1 or more values; received \[\]"),
        ({"train": "fast"}, "train: must be a section, .*; received 'fast'"),
        ({"ingest": {"train": {"qery": "SELECT 1"}}}, "ingest.train.qery: .*did you mean query"),
        ({"ingest": {"train": {"query": "SELECT 1"}}}, "ingest.bigquery.project: must name"),
        (
            {
                "ingest": {"train": {"query": "SELECT {SPAN}"}, "bigquery": {"project": "paying"}},
                "watch": {},
            },
            "ingest.bigquery.spans: with a section watch it must be seen which spans are complete",
        ),
    ],
)
def test_what_is_wrong_is_named(change: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_config({**GOOD, **change}, source="test")


def test_labels_that_yaml_reads_as_numbers_are_text(tmp_path: Path) -> None:
    text = "name: n\ntask: {name: classification, labels: [0, 1]}\ningest: {train: a.tsv}\n"
    assert load_config(_write(tmp_path, text)).typed_task.labels == ("0", "1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "line 2: key given twice: a; received 'a: 2'$"),
        ("- 1\n", "a config is a mapping of sections, .*; received a list"),
        ("hello", "a config is a mapping of sections, .*; received 'hello'"),
        ("", "a config is a mapping of sections, .*; received an empty file"),
        ("a: [\n", "line 2: it does not fit .*; received the end of the file; check"),
        ("a:\n   b: 1\n  c: 2\n", "line 3: it does not fit .*; received 'c: 2'; check the indent"),
        ("a:\n  b: 1\n   c: 2\n", "line 3: mapping values are not allowed here; received 'c: 2'"),
        ("a:\n\tb: 1\n", "line 2: indented by a tab, where YAML takes spaces; received 'b: 1'"),
        ("a: \0\n", "it is no YAML: unacceptable character #x0000"),
    ],
)
def test_a_file_that_is_no_config_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = _write(tmp_path, text)
    with pytest.raises(UserError, match=message) as raised:
        load_config(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)


def test_a_config_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes("name: n\ntask: {name: caf\xe9}\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"config.yaml: line 2 is not UTF-8"):
        load_config(path)


def test_a_missing_config_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be read as a config \(No such file") as raised:
        load_config(tmp_path / "none.yaml")
    assert str(raised.value).count("none.yaml") == 1


def test_every_problem_of_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    text = (
        "name: n\n"
        "task: {name: classification, labels: [a, b], pear: true}\n"
        "ingest:\n"
        "  trian: a.tsv\n"
        "train:\n"
        "model:\n"
        "  max_length: 4096\n"
        "evaluate:\n"
        "  thresholds:\n"
        "    - {metric: accuracy, min: 0.5}\n"
        "    - {metric: accuracy, min: much}\n"
    )
    with pytest.raises(UserError) as raised:
        load_config(_write(tmp_path, text), ["model.size=[1]"])
    assert str(raised.value).splitlines()[1:] == [
        "  ingest.train: required key is missing (line 3)",
        "  ingest.trian: unknown key; did you mean train? (line 4)",
        "  model.size: must be text; received [1] (--set)",
        "  model.max_length: must be at most 512; received 4096 (line 7)",
        "  train: must be a section, which has keys below it; received nothing (line 5)",
        "  evaluate.thresholds.1.min: must be a number; received 'much' (line 11)",
        "  task.pear: unknown key; did you mean pair? (line 2)",
    ]


def test_a_section_that_is_set_has_no_line(tmp_path: Path) -> None:
    text = "name: n\ntask: {name: classification, labels: [a, b]}\ningest: {train: 3}\n"
    with pytest.raises(UserError, match=r"ingest.trian: .* \(--set\)$"):
        load_config(_write(tmp_path, text), ["ingest={train: a.tsv, trian: b.tsv}"])


def test_overrides_are_yaml_values_at_dotted_paths() -> None:
    values: dict = {"train": {"steps": 1}}
    for override in ("train.steps=2", "train.precision=float32", "evaluate.slices=[a, b]"):
        apply_override(values, override)
    assert values == {
        "train": {"steps": 2, "precision": "float32"},
        "evaluate": {"slices": ["a", "b"]},
    }


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.steps", "takes key=value"),
        ("=1", "takes key=value"),
        ("name.x=1", "name is no section"),
        ("a=[", "no YAML"),
    ],
)
def test_a_bad_override_is_refused(override: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        apply_override({"name": "n"}, override)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_config_that_is_written_out_whole_reads_the_same(path: Path) -> None:
    """`config.yaml` of a run and the config of a watcher's round name every key."""
    config = load_config(path)

    for whole in (config.written_out(), config.model_dump(mode="json")):
        assert check_config(whole, source="whole") == config


@pytest.mark.parametrize("sections", [{}, {"watch": {}}])
def test_a_config_that_is_written_out_is_watched_only_if_it_was(sections: dict) -> None:
    config = check_config(GOOD | {"ingest": {"train": "a-{SPAN}.tsv"}} | sections, source="a test")
    assert config.is_watched == bool(sections)
    whole = check_config(config.written_out(), source="whole")
    assert whole.is_watched == config.is_watched
