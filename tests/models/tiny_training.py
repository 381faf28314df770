"""A classification task that a tiny ALBERT learns in seconds, as transformed rows on disk."""

import random
from pathlib import Path

import tensorflow as tf

from models.batching import TransformedSplit
from models.candidate import Candidate
from models.config import ModelConfig, TrainConfig
from models.export import export_saved_model
from models.tasks import create_task
from models.tokenizer import AlbertTokenizer
from models.training.checkpoint import CheckpointStore
from models.training.loop import train
from models.training.plan import plan_training
from schemas import features as keys

TASK = {"name": "classification", "labels": ["bad", "good", "mixed"]}
MODEL = ModelConfig(
    size="albert-tiny",
    max_length=24,
    num_layers=1,
    num_heads=2,
    hidden_dim=32,
    intermediate_dim=64,
    embedding_dim=16,
)
FEATURE_SPEC = {
    keys.TOKEN_IDS: tf.io.VarLenFeature(tf.int64),
    keys.SEGMENT_IDS: tf.io.VarLenFeature(tf.int64),
    keys.LABEL_ID: tf.io.FixedLenFeature([], tf.int64),
    keys.ROW_ID: tf.io.FixedLenFeature([], tf.string),
}
TEXTS = ["the film was fine and funny", "dull"]
_FILLER = ["the", "film", "was", "people", "saw", "it", "and"]
_WORDS = {0: "dull long charmless", 1: "fine funny warm", 2: "fine dull funny long"}


def texts(count, *, seed=0):
    """Returns pairs of text and label id: some words show the label, others say nothing."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        label = draw.randrange(3)
        said = draw.sample(_WORDS[label].split(), k=2)
        if label == 2:
            said = [draw.choice(["fine", "funny"]), draw.choice(["dull", "long"])]
        filler = draw.choices(_FILLER, k=draw.randrange(1, 9))
        words = said + filler
        draw.shuffle(words)
        rows.append((" ".join(words), label))
    return rows


def write_split(folder, rows, tokenizer, *, max_length=MODEL.max_length, shards=2):
    """Writes rows as tf.Transform does."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    task = create_task(TASK)
    ids = task.preprocess(
        {keys.TEXT: tf.constant([text for text, _ in rows])}, tokenizer, max_length
    )
    token_ids = ids[keys.TOKEN_IDS].to_list()
    for shard in range(shards):
        path = folder / f"rows-{shard:05d}-of-{shards:05d}.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for index in range(shard, len(rows), shards):
                example = tf.train.Example()
                feature = example.features.feature
                feature[keys.TOKEN_IDS].int64_list.value.extend(token_ids[index])
                feature[keys.SEGMENT_IDS].int64_list.value.extend([0] * len(token_ids[index]))
                feature[keys.LABEL_ID].int64_list.value.append(rows[index][1])
                feature[keys.ROW_ID].bytes_list.value.append(f"rows.tsv:{index}".encode())
                writer.write(example.SerializeToString())
    return TransformedSplit([f"{folder}/*"], FEATURE_SPEC, create_task(TASK))


def open_split(folder):
    return TransformedSplit([f"{folder}/*"], FEATURE_SPEC, create_task(TASK))


def build(vocabulary, *, seed=0, precision="float32", model=MODEL):
    task = create_task(TASK)
    return Candidate.build(task, model, AlbertTokenizer(vocabulary), seed=seed, precision=precision)


def run(candidate, folder, work_dir, *, precision="float32", log_dir=None, **train_config):
    """Trains on the splits under `folder`, with checkpoints and logs under `work_dir`."""
    config = TrainConfig(**{"batch_size": 8, "learning_rate": 1e-3, **train_config})
    training = open_split(f"{folder}/train")
    epoch = training.measure(config.batch_size)
    plan = plan_training(config, candidate.task.recipe, epoch, precision=precision)
    return train(
        candidate.model,
        candidate.task,
        plan,
        training=training,
        epoch=epoch,
        evaluation=open_split(f"{folder}/eval"),
        store=CheckpointStore(f"{work_dir}/checkpoints"),
        log_dir=log_dir or f"{work_dir}/logs",
    )


def export(candidate, folder, info):
    """Writes the candidate's SavedModel, as the trainer does."""
    export_saved_model(str(folder), candidate.task, candidate.predict_function(), info)
