"""The Trainer components of a pipeline, run by TFX: the candidate and both baselines."""

import tensorflow as tf
from tfx.components import Trainer
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.proto import trainer_pb2
from tfx.types import standard_artifacts

from components.transform.component import TextTransform
from components.vocabulary.component import VocabularyTrainer
from models.config import VocabularyConfig
from schemas import features as keys
from tests.models.tiny_training import MODEL, TASK, texts

ROWS = {keys.TRAIN: texts(160), keys.EVAL: texts(40, seed=1)}
DATA = {keys.TRAIN: "f00d", keys.EVAL: "cafe"}
TRAIN = {"batch_size": 16, "learning_rate": 3e-3, "steps": 6, "eval_every": 3}
SCHEMA = "".join(
    f'feature {{ name: "{name}" type: {kind} presence {{ min_fraction: 1 }} shape {{}} }}\n'
    for name, kind in [(keys.TEXT, "BYTES"), (keys.LABEL_ID, "INT"), (keys.ROW_ID, "BYTES")]
)


def write_examples(folder):
    for split, rows in ROWS.items():
        directory = folder / f"Split-{split}"
        directory.mkdir(parents=True)
        path = str(directory / "data_tfrecord-00000-of-00001.gz")
        with tf.io.TFRecordWriter(path, "GZIP") as writer:
            for index, (text, label) in enumerate(rows):
                example = tf.train.Example()
                feature = example.features.feature
                feature[keys.TEXT].bytes_list.value.append(text.encode())
                feature[keys.LABEL_ID].int64_list.value.append(label)
                feature[keys.ROW_ID].bytes_list.value.append(f"{split}.tsv:{index}".encode())
                writer.write(example.SerializeToString())


def importer(name, folder, artifact_type, **properties):
    node = Importer(source_uri=str(folder), artifact_type=artifact_type, **properties).with_id(name)
    return node, node.outputs["result"]


def trainer(name, run_fn, **arguments):
    splits = {
        "train_args": trainer_pb2.TrainArgs(splits=[keys.TRAIN]),
        "eval_args": trainer_pb2.EvalArgs(splits=[keys.EVAL]),
    }
    return Trainer(run_fn=run_fn, **splits, **arguments).with_id(name)


def run_pipeline(root):
    """Runs the nodes; artifacts are at `artifacts/<node>/<output>/<execution>` in the folder."""
    write_examples(root / "input")
    (root / "schema").mkdir()
    (root / "schema" / "schema.pbtxt").write_text(SCHEMA)
    examples_node, examples = importer(
        "examples",
        root / "input",
        standard_artifacts.Examples,
        properties={"split_names": '["train", "eval"]'},
        custom_properties={"file_format": "tfrecords_gzip", "payload_format": "FORMAT_TF_EXAMPLE"},
    )
    schema_node, schema = importer("schema", root / "schema", standard_artifacts.Schema)
    vocabulary = VocabularyTrainer(
        examples=examples, config=VocabularyConfig(size=90), task=TASK, code_version="1"
    )
    transform = TextTransform(
        examples=examples,
        schema=schema,
        vocabulary=vocabulary.outputs[keys.VOCABULARY],
        task=TASK,
        max_length=MODEL.max_length,
        code_version="1",
    )
    common = {"task": TASK, "code_version": "c0de", "data": DATA}
    candidate = trainer(
        "candidate",
        "models.trainer.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs[keys.TRANSFORM_GRAPH],
        custom_config={
            **common,
            "model": MODEL.model_dump(mode="json"),
            "train": TRAIN,
            "checkpoint_root": str(root / "checkpoints"),
        },
    )
    baselines = [
        trainer(
            name,
            "models.baselines.run_fn",
            examples=examples,
            schema=schema,
            custom_config={**common, "baseline": name, "baselines": {"ngrams": 1}},
        )
        for name in ("majority", "tfidf")
    ]
    LocalDagRunner().run(
        pipeline.Pipeline(
            pipeline_name="trainer",
            pipeline_root=str(root / "artifacts"),
            components=[examples_node, schema_node, vocabulary, transform, candidate, *baselines],
            metadata_connection_config=metadata.sqlite_metadata_connection_config(
                str(root / "metadata.sqlite")
            ),
            enable_cache=False,
        )
    )


def artifact(root, node, output):
    (path,) = (root / "artifacts" / node / output).iterdir()
    return path
