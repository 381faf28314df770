"""Every baseline of every task is asked, and answers, as the candidate: the same signatures."""

from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from components.ingest.encode import serialize_example
from models.baselines import run_fn
from models.candidate import Candidate
from models.config import BaselinesConfig
from models.export import export_saved_model
from models.tasks import create_task, task_names
from schemas import features as keys
from schemas.model_info import ModelInfo
from serving.served_graph import functions_of
from tests.models.tasks.pooled import BACKBONE

MODEL = BACKBONE.model_copy(update={"max_length": 24})
CONTEXT = "The story says that Odo built the old towers of Caen."
PASSAGE = {"passage": "Ann has a red hat.", "question": "Who has a hat?", "options": ["Ann", "Bob"]}
ANSWER = {"text": "Odo", "answer_start": CONTEXT.index("Odo")}

ROWS = {
    "classification": (
        {"labels": ["bad", "good"]},
        [{"text": "a fine film", "label": "good"}, {"text": "a dull film", "label": "bad"}],
    ),
    "multilabel": (
        {"labels": ["dull", "fine"]},
        [{"text": "a fine film", "label": "fine"}, {"text": "a dull film", "label": "dull"}],
    ),
    "regression": (
        {"pair": True},
        [
            {"text": "a fine film", "text_pair": "a film", "score": "3"},
            {"text": "a dull film", "text_pair": "a play", "score": "1"},
        ],
    ),
    "multiple_choice": ({}, [PASSAGE | {"answer": "A"}]),
    "tagging": (
        {"types": ["person"]},
        [{"text": "I met Ann", "entities": [{"start": 6, "end": 9, "type": "person"}]}],
    ),
    "question_answering": (
        {},
        [
            {"question": "Who built the towers?", "context": CONTEXT, "answers": [ANSWER]},
            {"question": "Why did it rain?", "context": CONTEXT, "answers": []},
        ],
    ),
    "pretraining": ({}, [{"text": "The film was long. Nobody in the audience laughed."}] * 4),
}


def signatures(folder):
    """Returns dtype and rank by signature, direction and name."""
    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    defined = saved.meta_graphs[0].signature_def
    return {
        signature: {
            direction: {
                name: (tf.as_dtype(info.dtype).name, len(info.tensor_shape.dim))
                for name, info in getattr(defined[signature], direction).items()
            }
            for direction in ("inputs", "outputs")
        }
        for signature in (keys.SERVING_DEFAULT, keys.EXAMPLES_SIGNATURE)
    }


def tokenizing_functions(folder):
    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    return [
        function.signature.name
        for function in functions_of(saved.meta_graphs[0].graph_def)
        if any("Tokenize" in node.op for node in function.node_def)
    ]


def test_there_are_rows_of_every_task():
    assert set(ROWS) == set(task_names())


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_baselines_have_the_signatures_of_the_candidate(name, tokenizer, tmp_path):
    options, rows = ROWS[name]
    section = {"name": name, **options}
    task = create_task(section)
    candidate = Candidate.build(task, MODEL, tokenizer, seed=0, precision="float32")
    info = ModelInfo(name="albert", task=name, labels=task.labels, code_version="0", data={})
    export_saved_model(str(tmp_path / "albert"), task, candidate.predict_function(), info)
    assert len(tokenizing_functions(tmp_path / "albert")) == 1, "one graph for both signatures"
    expected = signatures(tmp_path / "albert")
    assert set(expected[keys.SERVING_DEFAULT]["inputs"]) == set(task.serving_inputs())
    assert task.prediction_key in {"", *expected[keys.EXAMPLES_SIGNATURE]["outputs"]}

    examples = str(tmp_path / "rows.gz")
    with tf.io.TFRecordWriter(examples, "GZIP") as writer:
        for row in rows:
            writer.write(serialize_example(task.encode_row(row)))
    for baseline in task.baselines:
        custom_config = {
            "baseline": baseline,
            "task": section,
            "baselines": BaselinesConfig().model_dump(mode="json"),
            "code_version": "0",
            "data": {},
        }
        fn_args: Any = SimpleNamespace(
            train_files=[examples],
            serving_model_dir=str(tmp_path / baseline),
            custom_config=custom_config,
        )
        run_fn(fn_args)
        assert signatures(tmp_path / baseline) == expected, baseline
