import pytest
import tensorflow as tf
import tensorflow_transform as tft
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.types import standard_artifacts

from components.transform.component import TextTransform
from components.vocabulary.component import VocabularyTrainer
from models.config import VocabularyConfig
from models.tasks import create_task
from models.tokenizer import AlbertTokenizer
from models.transform import vocabulary_copy
from schemas import features as keys
from tests.models import reference

MAX_LENGTH = 12
TASK = {"name": "classification", "labels": ["good", "bad"]}
TEXTS = {
    keys.TRAIN: [
        "A fine  film.",
        "Dull, from end to end",
        "Ünbelievably ``good''!",
        "[SEP] <pad> bad",
    ]
    * 5,
    keys.EVAL: ["Neither fine nor dull", "x" * 200, "1,000 films in ONE evening " * 9],
}


def write_examples(directory):
    for split, texts in TEXTS.items():
        folder = directory / f"Split-{split}"
        folder.mkdir(parents=True)
        with tf.io.TFRecordWriter(
            str(folder / "data_tfrecord-00000-of-00001.gz"), "GZIP"
        ) as writer:
            for position, text in enumerate(texts):
                example = tf.train.Example()
                example.features.feature[keys.TEXT].bytes_list.value.append(text.encode())
                example.features.feature[keys.LABEL_ID].int64_list.value.append(position % 2)
                writer.write(example.SerializeToString())


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Runs a real TFX pipeline; returns the artifact folders by output name."""
    root = tmp_path_factory.mktemp("pipeline")
    write_examples(root / "examples")
    (root / "schema").mkdir()
    schema = 'feature { name: "text" type: BYTES presence { min_fraction: 1 } shape {} }\n'
    schema += 'feature { name: "label_id" type: INT presence { min_fraction: 1 } shape {} }\n'
    schema += 'feature { name: "note" type: BYTES }\n'
    (root / "schema" / "schema.pbtxt").write_text(schema)
    examples = Importer(
        source_uri=str(root / "examples"),
        artifact_type=standard_artifacts.Examples,
        properties={"split_names": '["train", "eval"]'},
        custom_properties={"file_format": "tfrecords_gzip", "payload_format": "FORMAT_TF_EXAMPLE"},
    ).with_id("examples")
    schema_node = Importer(
        source_uri=str(root / "schema"), artifact_type=standard_artifacts.Schema
    ).with_id("schema")
    vocabulary = VocabularyTrainer(
        examples=examples.outputs["result"],
        config=VocabularyConfig(size=80),
        task=TASK,
        code_version="1",
    )
    transform = TextTransform(
        examples=examples.outputs["result"],
        schema=schema_node.outputs["result"],
        vocabulary=vocabulary.outputs[keys.VOCABULARY],
        task=TASK,
        max_length=MAX_LENGTH,
        code_version="1",
    )
    LocalDagRunner().run(
        pipeline.Pipeline(
            pipeline_name="test",
            pipeline_root=str(root / "root"),
            components=[examples, schema_node, vocabulary, transform],
            metadata_connection_config=metadata.sqlite_metadata_connection_config(
                str(root / "mlmd.db")
            ),
            enable_cache=False,
        )
    )
    return {path.parent.name: path for path in (root / "root").glob("*/*/*") if path.is_dir()}


def rows(folder, split):
    files = [str(path) for path in sorted((folder / f"Split-{split}").glob("*.gz"))]
    records = tf.data.TFRecordDataset(files, compression_type="GZIP")
    return [tf.train.Example.FromString(record) for record in records.as_numpy_iterator()]


def values(example, name):
    return list(example.features.feature[name].int64_list.value)


@pytest.mark.parametrize("split", [keys.TRAIN, keys.EVAL])
def test_ids_are_those_of_the_original(outputs, split):
    processor = reference.load((outputs["vocabulary"] / "spiece.model").read_bytes())
    cls_id, sep_id = processor.piece_to_id("[CLS]"), processor.piece_to_id("[SEP]")
    expected = [
        [cls_id, *reference.encode(processor, text)[: MAX_LENGTH - 2], sep_id]
        for text in TEXTS[split]
    ]
    transformed = [
        values(row, keys.TOKEN_IDS) for row in rows(outputs["transformed_examples"], split)
    ]
    assert sorted(transformed) == sorted(expected)


class Served(tf.Module):
    """The preprocessing as an exported model holds it."""

    def __init__(self, vocabulary):
        super().__init__()
        self.tokenizer = AlbertTokenizer(vocabulary)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def token_ids(self, text):
        inputs = create_task(TASK).preprocess({keys.TEXT: text}, self.tokenizer, MAX_LENGTH)
        return {keys.TOKEN_IDS: inputs[keys.TOKEN_IDS].to_tensor(default_value=-1)}


def served_ids(directory, texts):
    """Returns the ids that a model answers in a v1 Session, as TensorFlow Serving runs it."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta_graph = tf.compat.v1.saved_model.load(session, ["serve"], directory)
        signature = meta_graph.signature_def[keys.SERVING_DEFAULT]
        (text,) = signature.inputs.values()
        ids = session.run(signature.outputs[keys.TOKEN_IDS].name, {text.name: texts})
    return [[id_ for id_ in row if id_ != -1] for row in ids.tolist()]


@pytest.mark.parametrize("split", [keys.TRAIN, keys.EVAL])
def test_served_ids_are_those_of_training(outputs, split, tmp_path):
    with open(vocabulary_copy(str(outputs["transform_graph"])), "rb") as stream:
        served = Served(stream.read())
    signatures = {keys.SERVING_DEFAULT: served.token_ids}
    tf.saved_model.save(served, str(tmp_path), signatures=signatures)
    trained = [values(row, keys.TOKEN_IDS) for row in rows(outputs["transformed_examples"], split)]
    assert sorted(served_ids(str(tmp_path), TEXTS[split])) == sorted(trained)


def test_targets_are_kept(outputs):
    labels = [
        values(row, keys.LABEL_ID) for row in rows(outputs["transformed_examples"], keys.EVAL)
    ]
    assert sorted(labels) == [[0], [0], [1]]


def test_segments_are_as_long_as_tokens(outputs):
    for row in rows(outputs["transformed_examples"], keys.EVAL):
        assert values(row, keys.SEGMENT_IDS) == [0] * len(values(row, keys.TOKEN_IDS))


def test_vocabulary_stands_beside_the_graph(outputs):
    copy = vocabulary_copy(str(outputs["transform_graph"]))
    with open(copy, "rb") as stream:
        assert stream.read() == (outputs["vocabulary"] / "spiece.model").read_bytes()


def test_output_spec_is_what_the_trainer_reads(outputs):
    spec = tft.TFTransformOutput(str(outputs["transform_graph"])).transformed_feature_spec()
    assert spec == {
        keys.TOKEN_IDS: tf.io.VarLenFeature(tf.int64),
        keys.SEGMENT_IDS: tf.io.VarLenFeature(tf.int64),
        keys.LABEL_ID: tf.io.FixedLenFeature([], tf.int64),
    }
