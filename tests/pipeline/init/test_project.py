import io
import json
import random
import warnings
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from components.ingest.sources import resolve_sources
from components.ingest.summary import IngestSummary
from pipeline.init import init_project
from pipeline.loading import load_config
from schemas.errors import UserError


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=120, color_system=None)


@pytest.fixture
def in_tmp(tmp_path, monkeypatch):
    """Relative paths of a config start at the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _dirty_rows(messages) -> list[str]:
    """CSV lines with everything that init reports."""
    chance = random.Random(3)
    rows = [f'"{text}, then",{label},{chance.choice("xyz")}' for text, label in messages]
    return [
        "message,sentiment,product line",
        *rows,
        rows[0],
        rows[1].replace("good", "BAD").replace("bad", "good").replace("BAD", "bad"),
        ",good,x",
        "no sentiment,,x",
        "too,many,columns,here",
    ]


def test_a_run_can_start_from_the_config(in_tmp, write_rows, messages, console):
    train = write_rows("train.tsv", messages[:250]).relative_to(in_tmp)
    dev = write_rows("dev.tsv", messages[250:]).relative_to(in_tmp)
    project = init_project([train, dev], Path("config.yaml"), console=console)
    config = load_config(project.config_path)
    sources = resolve_sources(config.ingest, config.typed_task)
    assert [(file.split, file.columns) for file in sources.files] == [
        ("train", {"text": 0, "label": 1}),
        ("eval", {"text": 0, "label": 1}),
    ]
    assert config.typed_task.labels == ("bad", "good")


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv.gz", "rows.txt"])
def test_a_run_can_start_from_any_format(in_tmp, write_rows, messages, console, name):
    path = write_rows(name, [("text", "label"), *messages])
    init_project([path], Path("config.yaml"), console=console)
    config = load_config(Path("config.yaml"))
    (file,) = resolve_sources(config.ingest, config.typed_task).files
    assert file.columns.keys() == {"text", "label"}


def test_what_was_found_and_what_to_type_is_shown(in_tmp, write, messages, console):
    write("messages.csv", "\n".join(_dirty_rows(messages)))
    init_project([Path("messages.csv")], Path("first.yaml"), console=console)
    shown = console.file.getvalue()
    for part in (
        "messages.csv",
        "product line",
        "same text, other label",
        "rows that cannot be used",
        "! 1 texts have more than one label, such as messages.csv:",
        "wrote first.yaml and first.pbtxt",
        "albert-tfx run first.yaml",
        "--model-base runs/first/serving",
    ):
        assert part in shown


def test_ingest_finds_what_init_foretold(in_tmp, write, messages, console):
    write("messages.csv", "\n".join(_dirty_rows(messages)))
    project = init_project([Path("messages.csv")], Path("config.yaml"), console=console)
    survey = project.inspection.survey
    summary, _ = _ingested(load_config(Path("config.yaml")), in_tmp)
    assert summary.num_rows == survey.num_rows
    assert summary.rejected == dict(survey.counts.rejected)
    found = Counter({label: n for counts in summary.labels.values() for label, n in counts.items()})
    assert sum(summary.accepted.values()) == survey.num_usable
    assert found.keys() == survey.labels.keys()
    assert summary.num_duplicates == survey.counts.duplicates.total() == 1
    assert summary.num_conflicts == survey.counts.conflicts.total() == 1


def test_the_data_gate_lets_the_same_files_pass(in_tmp, write, messages, console):
    write("messages.csv", "\n".join(_dirty_rows(messages)))
    init_project([Path("messages.csv")], Path("config.yaml"), console=console)
    config = load_config(Path("config.yaml"))
    assert config.evaluate.slices == ("product_line",)
    _, examples = _ingested(config, in_tmp)
    for split in ("train", "eval"):
        assert _anomalies(config, examples, split) == {}


def test_the_data_gate_stops_other_values(in_tmp, write, messages, console):
    lines = _dirty_rows(messages)
    write("messages.csv", "\n".join(lines))
    init_project([Path("messages.csv")], Path("config.yaml"), console=console)
    write("messages.csv", "\n".join([*lines, *["a new product,good,unheard of"] * 9]))
    config = load_config(Path("config.yaml"))
    _, examples = _ingested(config, in_tmp)
    stopped = [name for split in ("train", "eval") for name in _anomalies(config, examples, split)]
    assert "product_line" in stopped


def test_sst2_gets_a_config(in_tmp, sst2, console):
    project = init_project(
        [sst2 / "train.tsv", sst2 / "dev.tsv"], Path("sst2.yaml"), console=console
    )
    config = load_config(Path("sst2.yaml"))
    assert config.typed_task.labels == ("0", "1")
    assert config.ingest.header is False
    assert config.model.size == "albert-tiny"
    assert config.model.max_length == 72
    assert project.warnings == ()


def test_an_existing_config_stays(in_tmp, write_rows, messages, console):
    path = write_rows("rows.tsv", messages)
    Path("config.yaml").write_text("mine")
    with pytest.raises(UserError, match="must not be overwritten"):
        init_project([path], Path("config.yaml"), console=console)
    assert Path("config.yaml").read_text() == "mine"
    init_project([path], Path("config.yaml"), force=True, console=console)
    assert load_config(Path("config.yaml")).name == "rows"


def test_nothing_is_written_for_files_that_are_refused(in_tmp, write_rows, messages, console):
    path = write_rows("rows.tsv", [(text, "good") for text, _ in messages])
    with pytest.raises(UserError, match="received one label only: every training row has 'good'"):
        init_project([path], Path("config.yaml"), console=console)
    assert [file.name for file in in_tmp.iterdir()] == ["rows.tsv"]


def test_what_the_user_names_is_in_the_config(in_tmp, write_rows, messages, console):
    rows = [(text, label, ("x", "y", "z")[n % 3]) for n, (text, label) in enumerate(messages)]
    path = write_rows("rows.tsv", rows)
    init_project([path], Path("config.yaml"), text="0", label="2", header=False, console=console)
    config = load_config(Path("config.yaml"))
    assert config.ingest.columns == {"text": 0, "label": 2, "column_1": 1}
    assert config.typed_task.labels == ("x", "y", "z")


def test_numbers_are_sorted_by_value(in_tmp, write, messages, console):
    rows = (f"{text}\t{n % 12}\n" for n, (text, _) in enumerate(messages))
    init_project([write("rows.tsv", "".join(rows))], Path("config.yaml"), console=console)
    labels = load_config(Path("config.yaml")).typed_task.labels
    assert labels == tuple(map(str, range(12)))


def _ingested(config, folder: Path):
    """Runs the real ingest of a config; returns its summary and its examples artifact."""
    from tfx.types import standard_artifacts

    from components.artifacts import Quarantine
    from components.ingest.executor import Executor

    examples, quarantine = standard_artifacts.Examples(), Quarantine()
    for name, artifact in (("examples", examples), ("quarantine", quarantine)):
        artifact.uri = str(folder / "ingested" / name)
        Path(artifact.uri).mkdir(parents=True)
    properties = {
        "sources": resolve_sources(config.ingest, config.typed_task).model_dump_json(),
        "config": config.ingest.model_dump_json(),
        "task": json.dumps(config.task_record()),
    }
    outputs = {"examples": [examples], "quarantine": [quarantine]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Beam's, of what it leaves open
        Executor().Do({}, outputs, properties)
    summary = Path(quarantine.uri, "summary.json").read_text("utf-8")
    return IngestSummary.model_validate_json(summary), examples


def _anomalies(config, examples, split: str) -> dict[str, str]:
    """Returns what TFDV finds wrong with a split by the schema that a run would use."""
    import pandas
    import tensorflow as tf
    import tensorflow_data_validation as tfdv

    from components.validation.schema import curated_schema

    rows = []
    for path in sorted(Path(examples.uri, f"Split-{split}").iterdir()):
        for record in tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator():
            features = tf.train.Example.FromString(record).features.feature
            rows.append(
                {
                    key: getattr(feature, feature.WhichOneof("kind")).value[0]
                    for key, feature in features.items()
                }
            )
    statistics = tfdv.generate_statistics_from_dataframe(pandas.DataFrame(rows))
    schema = curated_schema(config.validation, config.typed_task, config.ingest.columns)
    anomalies = tfdv.validate_statistics(statistics, schema, environment="TRAINING")
    return {name: info.description for name, info in anomalies.anomaly_info.items()}
