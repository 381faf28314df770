import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from components.ingest.config import IngestConfig
from components.ingest.encode import RowEncoder
from components.ingest.formats.base import Row, SourceFile
from components.validation.config import ValidationConfig
from components.validation.schema import curated_schema, write_schema
from models.tasks import create_task, task_class, task_names
from models.tasks.texts import length_bucket
from schemas import features as keys
from schemas.errors import UserError


def feature(schema, name):
    (found,) = [item for item in schema.feature if item.name == name]
    return found


def domain(schema, name):
    (found,) = [item for item in schema.string_domain if item.name == name]
    return list(found.value)


@pytest.fixture
def user_schema(tmp_path):
    def write(text):
        path = tmp_path / "mine.pbtxt"
        path.write_text(text)
        return ValidationConfig(schema_file=str(path))

    return write


def test_the_schema_has_the_features_that_ingest_writes(task, schema):
    columns = {"text": 0, "label": 1}
    file = SourceFile(split="train", path="/a", name="a", format="tsv", columns=columns)
    encoder = RowEncoder(file, IngestConfig(train="a", eval="b"), task)
    import tensorflow as tf

    encoded = encoder.encode(Row(2, {"text": "a", "label": "1", "channel": "mail"}, b""))
    written = tf.train.Example.FromString(encoded.example).features.feature
    assert set(written) == {item.name for item in schema.feature}


def test_the_schema_is_written_in_the_keys_of_the_code(task):
    names = [item.name for item in curated_schema(ValidationConfig(), task).feature]
    assert names == [keys.TEXT, keys.LABEL, keys.LABEL_ID, keys.ROW_ID, keys.LENGTH_BUCKET]


def test_the_length_buckets_are_those_of_the_task(schema):
    made = dict.fromkeys(length_bucket(number) for number in range(1, 500))
    assert domain(schema, "length_buckets") == list(made)


@pytest.mark.parametrize("name", task_names())
def test_every_task_has_a_schema_with_its_label_key(name):
    declared = {"labels", "types"} & task_class(name).Options.model_fields.keys()
    task = create_task({"name": name, **{key: ["a", "b"] for key in declared}})
    assert feature(curated_schema(ValidationConfig(), task), task.label_key)


def test_the_declared_labels_are_the_domain_of_the_label(task):
    schema = curated_schema(ValidationConfig(max_label_drift=0.3), task)
    assert domain(schema, "labels") == ["0", "1"]
    assert feature(schema, "label_id").int_domain.max == 1
    assert feature(schema, "label").drift_comparator.infinity_norm.threshold == 0.3


def test_other_columns_are_optional_text(schema):
    channel = feature(schema, "channel")
    assert channel.type == schema_pb2.BYTES
    assert not channel.HasField("presence")


def test_columns_that_ingest_makes_features_of_are_none_themselves():
    tagging = create_task({"name": "tagging", "types": ["person"]})
    schema = curated_schema(ValidationConfig(), tagging, ["words", "tags", "source"])
    assert {"words", "tags", "source"} & {item.name for item in schema.feature} == {"source"}
    assert domain(schema, "labels") == ["O", "B-person", "I-person"]


def test_what_is_not_asked_for_in_a_request_is_of_training_only(schema):
    serving = [item.name for item in schema.feature if "SERVING" not in item.not_in_environment]
    assert serving == ["text", "channel"]


def test_a_users_feature_replaces_the_constraints_and_not_the_shape(task, user_schema):
    config = user_schema(
        'feature { name: "text" type: BYTES value_count { min: 1 max: 1 }'
        " presence { min_count: 9 } }"
        'feature { name: "channel" type: BYTES domain: "channels" }'
        'string_domain { name: "channels" value: "mail" value: "web" }'
    )
    schema = curated_schema(config, task, ("text", "channel"))
    assert feature(schema, "text").presence.min_count == 9
    assert feature(schema, "text").WhichOneof("shape_type") == "shape"
    assert domain(schema, "channels") == ["mail", "web"]
    assert feature(schema, "row_id")


def test_a_users_drift_threshold_is_kept(task, user_schema):
    config = user_schema(
        'feature { name: "label" type: BYTES'
        " drift_comparator { infinity_norm { threshold: 0.01 } } }"
    )
    label = feature(curated_schema(config, task), "label")
    assert label.drift_comparator.infinity_norm.threshold == 0.01


@pytest.mark.parametrize(
    "text",
    [
        'feature { name: "label" type: BYTES domain: "sentiment" }'
        'string_domain { name: "sentiment" value: "0" value: "2" }',
        'feature { name: "label" type: BYTES string_domain { value: "0" value: "2" } }',
    ],
)
def test_labels_that_differ_from_the_config_are_refused(task, user_schema, text):
    with pytest.raises(UserError, match=r"task.labels must be .*: 0, 2; received 0, 1"):
        curated_schema(user_schema(text), task)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("feature {", "must be a schema of TensorFlow Metadata as text"),
        ('feature { name: "text" type: INT }', "feature text must be of type BYTES; received INT"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(task, user_schema, text, message):
    with pytest.raises(UserError, match=message):
        curated_schema(user_schema(text), task)


def test_a_schema_that_is_not_there_is_refused(task):
    message = r"^validation.schema_file: .* /none.pbtxt, .* \(No such file or directory\); "
    with pytest.raises(UserError, match=message):
        curated_schema(ValidationConfig(schema_file="/none.pbtxt"), task)


def test_the_written_schema_is_read_back(task, tmp_path):
    ingest = IngestConfig(train="a", columns={"channel": "c"})
    path = write_schema(ValidationConfig(), task, ingest, tmp_path / "schemas")
    read = text_format.Parse(path.read_text(), schema_pb2.Schema())
    assert read == curated_schema(ValidationConfig(), task, ["channel"])


def test_the_name_of_the_file_changes_with_the_schema_and_only_with_it(task, tmp_path):
    ingest = IngestConfig(train="a")
    first, same, other = (
        write_schema(ValidationConfig(max_label_drift=drift), task, ingest, tmp_path)
        for drift in (0.2, 0.2, 0.3)
    )
    assert first == same != other


def test_a_users_feature_of_a_list_stays_one(user_schema):
    config = user_schema('feature { name: "options" type: BYTES presence { min_fraction: 0.5 } }')
    schema = curated_schema(config, create_task({"name": "multiple_choice"}))
    assert feature(schema, "options").WhichOneof("shape_type") == "value_count"
    assert feature(schema, "options").presence.min_fraction == 0.5


def test_a_pair_has_a_second_text_that_must_be_there():
    task = create_task({"name": "regression", "pair": True})
    pair = feature(curated_schema(ValidationConfig(), task), "text_pair")
    assert pair.presence.min_fraction == 1.0
    assert not pair.not_in_environment


def test_the_vector_of_labels_is_as_long_as_there_are_labels():
    task = create_task({"name": "multilabel", "labels": ["a", "b", "c"]})
    schema = curated_schema(ValidationConfig(), task)
    assert feature(schema, "label_vector").shape.dim[0].size == 3
    assert domain(schema, "labels") == ["a", "b", "c"]


@pytest.mark.parametrize(("mean", "drifts"), [(1.5, False), (4.0, True)])
def test_scores_of_another_distribution_drift(mean, drifts):
    import numpy as np
    import pandas as pd
    import tensorflow_data_validation as tfdv

    rng = np.random.default_rng(0)
    before, now = (
        tfdv.generate_statistics_from_dataframe(
            pd.DataFrame({"score": rng.normal(centre, 0.5, size=500).astype("float32")}), n_jobs=1
        )
        for centre in (1.5, mean)
    )
    schema = curated_schema(ValidationConfig(), create_task({"name": "regression"}))
    anomalies = tfdv.validate_statistics(now, schema, previous_statistics=before)
    kinds = [reason.type for reason in anomalies.anomaly_info["score"].reason]
    assert (anomalies_pb2.AnomalyInfo.COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH in kinds) == drifts


def test_the_file_of_a_row_is_an_optional_feature(task, tmp_path):
    config = IngestConfig(train="a", file_column="source_file")
    path = write_schema(ValidationConfig(), task, config, tmp_path)
    schema = text_format.Parse(path.read_text(), schema_pb2.Schema())
    assert feature(schema, "source_file").value_count.max == 1
