import json
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.types import standard_artifacts

from components.validation.config import ValidationConfig
from components.validation.executor import Executor
from schemas.errors import RefusedError


def labelled(share_of_ones):
    return [
        {"text": f"a film {at}", "label": str(int(at < 100 * share_of_ones))} for at in range(100)
    ]


@pytest.fixture
def judge(write_examples, statistics, schema, tmp_path):
    """Runs the gate on rows, after other rows where they are given; returns the output folder."""

    def make(artifact_class, name):
        artifact = artifact_class()
        artifact.uri = str(tmp_path / "DataGate" / name / "7")
        if artifact_class is not standard_artifacts.Schema:
            artifact.split_names = '["train"]'
        return artifact

    def examples_and_statistics(name, rows, changes):
        examples = make(standard_artifacts.Examples, f"{name}_examples")
        split = Path(examples.uri, "Split-train").relative_to(tmp_path)
        path = write_examples(f"{split}/data.gz", rows, changes)
        made = make(standard_artifacts.ExampleStatistics, f"{name}_statistics")
        file = Path(made.uri, "Split-train", "FeatureStats.pb")
        file.parent.mkdir(parents=True)
        file.write_bytes(statistics(path).SerializeToString())
        return examples, made

    def run(rows, *, changes=None, before=None, **config):
        examples, current = examples_and_statistics("current", rows, changes)
        schema_artifact = make(standard_artifacts.Schema, "schema")
        Path(schema_artifact.uri).mkdir(parents=True)
        Path(schema_artifact.uri, "schema.pbtxt").write_text(text_format.MessageToString(schema))
        inputs = {"statistics": [current], "schema": [schema_artifact], "examples": [examples]}
        if before is not None:
            inputs["previous_statistics"] = [examples_and_statistics("previous", before, None)[1]]
        output = make(standard_artifacts.ExampleAnomalies, "anomalies")
        Path(output.uri).mkdir(parents=True)
        properties = {"config": ValidationConfig(**config).model_dump_json()}
        Executor().Do(inputs, {"anomalies": [output]}, properties)
        assert output.split_names == current.split_names
        return Path(output.uri)

    return run


def findings(folder):
    return json.loads((folder / "findings.json").read_text("utf-8"))


def anomalies(folder):
    """Reads the file as TFX's own tools do."""
    return anomalies_pb2.Anomalies.FromString((folder / "Split-train/SchemaDiff.pb").read_bytes())


def test_good_data_has_no_findings(judge):
    folder = judge(labelled(0.5))
    assert findings(folder) == []
    assert not anomalies(folder).anomaly_info


def test_a_stop_names_split_feature_kind_and_rows_and_keeps_what_was_found(judge):
    with pytest.raises(RefusedError) as raised:
        judge(labelled(0.5), changes={3: {"label": b"7"}})
    message = str(raised.value)
    assert "train: label: ENUM_TYPE_UNEXPECTED_STRING_VALUES: Examples contain values" in message
    assert "    a.tsv:3: label is '7'; text 'a film 3'" in message
    kept = Path(message.rpartition("what was found: ")[2])
    assert kept.parts[-4:] == ("DataGate", "refused", "7", "findings.json")
    assert findings(kept.parent)[0]["rows"] == ["a.tsv:3: label is '7'; text 'a film 3'"]
    assert anomalies(kept.parent).anomaly_info


def test_a_warning_lets_the_data_pass_and_is_kept(judge, caplog):
    kind = "ENUM_TYPE_UNEXPECTED_STRING_VALUES"
    folder = judge(labelled(0.5), changes={3: {"label": b"7"}}, actions={kind: "warn"})
    assert [item["kind"] for item in findings(folder)] == [kind]
    assert "data gate: train: label" in caplog.text


def test_what_is_ignored_is_still_in_the_anomalies(judge):
    folder = judge(labelled(0.5), changes={3: {"label": b"7"}}, default_action="ignore")
    assert findings(folder) == []
    assert anomalies(folder).anomaly_info


def test_no_row_is_shown_where_none_is_wanted(judge):
    with pytest.raises(RefusedError) as raised:
        judge(labelled(0.5), changes={3: {"label": b"7"}}, example_rows=0)
    assert "a.tsv" not in str(raised.value)


def test_drift_is_told_in_shares(judge):
    with pytest.raises(RefusedError, match=r"threshold 0.2.*: 0 was 50.0% and is 10.0%, 1 was 50"):
        judge(labelled(0.9), before=labelled(0.5))


@pytest.mark.parametrize(
    ("config", "kinds"),
    [({"drift": False}, 0), ({"actions": {"COMPARATOR_L_INFTY_HIGH": "warn"}}, 1)],
)
def test_drift_passes_where_the_config_lets_it(judge, config, kinds):
    assert len(findings(judge(labelled(0.9), before=labelled(0.5), **config))) == kinds
