"""The Tuner and the Trainer behind it, run by TFX on real trainings of a tiny model."""

import json

import pytest
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.proto import trainer_pb2
from tfx.types import standard_artifacts

from components.transform.component import TextTransform
from components.tuning.component import Tuner
from components.vocabulary.component import VocabularyTrainer
from models.config import VocabularyConfig
from models.training.callbacks import CountSteps
from models.tuning.record import TuningRecord
from schemas import features as keys
from schemas import progress
from tests.models.tiny_training import MODEL, TASK
from tests.models.trained_pipeline import SCHEMA, importer, trainer, write_examples

pytestmark = pytest.mark.slow

TRAIN = {"batch_size": 16, "learning_rate": 3e-3, "steps": 6, "eval_every": 2}
TUNE = {
    "trials": 2,
    "max_steps": 4,
    "seed": 1,
    "ranges": {
        "learning_rate": {"min": 1e-4, "max": 1e-2},
        "batch_size": [8, 32],
        "classifier_dropout": {"min": 0.0, "max": 0.3},
    },
}


def nodes(root):
    """Returns every node up to the Trainer."""
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
    data = {
        "examples": transform.outputs["transformed_examples"],
        "transform_graph": transform.outputs[keys.TRANSFORM_GRAPH],
    }
    config = {
        "task": TASK,
        "model": MODEL.model_dump(mode="json"),
        "train": TRAIN,
        "checkpoint_root": str(root / "checkpoints"),
        "data": {},
        "code_version": "1",
    }
    tuner = Tuner(
        tuner_fn="models.tuner.tuner_fn",
        train_args=trainer_pb2.TrainArgs(splits=[keys.TRAIN]),
        eval_args=trainer_pb2.EvalArgs(splits=[keys.EVAL]),
        custom_config=config | {"tune": TUNE},
        **data,
    )
    candidate = trainer(
        "candidate",
        "models.trainer.run_fn",
        custom_config=config,
        hyperparameters=tuner.outputs["best_hyperparameters"],
        **data,
    )
    return [examples_node, schema_node, vocabulary, transform, tuner, candidate]


def run(root):
    LocalDagRunner().run(
        pipeline.Pipeline(
            pipeline_name="tuned",
            pipeline_root=str(root / "artifacts"),
            components=nodes(root),
            metadata_connection_config=metadata.sqlite_metadata_connection_config(
                str(root / "metadata.sqlite")
            ),
            enable_cache=True,
        )
    )


class Killed(BaseException):
    """As a signal would end the process, past every `except Exception`."""


@pytest.fixture(scope="module")
def killed_and_run(tmp_path_factory):
    """Runs the nodes, is killed in the middle of trial 2, and runs them again.

    Returns the folder, and what was reported before and after the kill.
    """
    root = tmp_path_factory.mktemp("tuned")
    write_examples(root / "input")
    (root / "schema").mkdir()
    (root / "schema" / "schema.pbtxt").write_text(SCHEMA)
    before, after = [], []
    original = CountSteps.on_train_batch_end

    def killing(self, batch, logs=None):
        original(self, batch, logs)
        if before[-1].work.startswith("trial 2") and self._state.step == 3:
            raise Killed

    with pytest.MonkeyPatch.context() as patch, progress.listening(before.append):
        patch.setattr(CountSteps, "on_train_batch_end", killing)
        with pytest.raises(Killed):
            run(root)
    with progress.listening(after.append):
        run(root)
    return root, before, after


def artifact(root, node, output):
    paths = sorted((root / "artifacts" / node / output).iterdir(), key=lambda path: int(path.name))
    return paths[-1]


@pytest.fixture(scope="module")
def record(killed_and_run):
    path = artifact(killed_and_run[0], "Tuner", "tuner_results") / keys.TRIALS_FILE
    return TuningRecord.model_validate_json(path.read_text("utf-8"))


def test_every_trial_is_recorded(record):
    assert [trial.number for trial in record.trials] == [1, 2]
    for trial in record.trials:
        assert (trial.status, trial.steps) == ("completed", 4)
        assert 1e-4 <= trial.values["train.learning_rate"] <= 1e-2
        assert trial.values["train.batch_size"] in (8, 32)
        assert 0.0 <= trial.values["model.classifier_dropout"] <= 0.3
    assert record.metric == "accuracy"
    assert record.best_trial.score == max(trial.score for trial in record.trials)


def test_a_killed_search_repeats_no_finished_trial_and_no_finished_step(killed_and_run):
    _, before, after = killed_and_run
    assert any(update.work == "trial 1 of 2, training" for update in before)
    resumed = [update for update in after if update.work.startswith("trial")]
    assert {update.work for update in resumed} == {
        "trial 2 of 2, starting",
        "trial 2 of 2, training",
    }
    assert min(update.done for update in resumed if update.work.endswith("training")) == 2


def test_the_trainer_takes_the_best_trials_values(killed_and_run, record):
    path = artifact(killed_and_run[0], "candidate", "model_run") / keys.TRAINING_SUMMARY_FILE
    summary = json.loads(path.read_text("utf-8"))
    best = record.best_trial.values
    assert summary["learning_rate"] == best["train.learning_rate"]
    assert summary["batch_size"] == best["train.batch_size"]
    assert summary["steps"] == TRAIN["steps"]


def test_nothing_is_left_behind(killed_and_run):
    assert list((killed_and_run[0] / "checkpoints").iterdir()) == []


def test_a_finished_search_is_taken_from_the_cache(killed_and_run):
    root, told = killed_and_run[0], []
    with progress.listening(told.append):
        run(root)
    assert not [update for update in told if "trial" in update.work]
