"""Evaluate on real TFMA: several models in one pass, a verdict always, files for the tools."""

import json

import pytest
import tensorflow_model_analysis as tfma
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import Channel, channel_utils, standard_artifacts

from components.evaluation.champion import is_blessed
from components.evaluation.component import Evaluate
from components.evaluation.config import EvaluateConfig
from components.evaluation.executor import Executor
from components.evaluation.verdict import Verdict
from schemas import features as keys
from schemas.errors import UserError
from tests.serving.tiny_examples import make_row, write_examples
from tests.serving.tiny_models import LABELS, WEIGHTS, save_model

TASK = {"name": "classification", "labels": list(LABELS)}
ALWAYS_POSITIVE = {"a": (-1.0, 1.0)}


def rows():
    """Eight rows, of which a bag of words gets seven: 0.875."""
    texts = [("good", 1), ("great", 1), ("bad", 0), ("awful", 0)] * 2
    made = [
        make_row(number, f"a {word} day", LABELS[label], source="web" if number < 4 else "mail")
        for number, (word, label) in enumerate(texts)
    ]
    made[7] |= {keys.LABEL: LABELS[1], keys.LABEL_ID: 1}
    return made


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    return write_examples(tmp_path_factory.mktemp("examples"), rows())


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Folders of Model artifacts by name."""
    root = tmp_path_factory.mktemp("models")
    kinds = {
        "good": {},
        "half": {"weights": {"good": WEIGHTS["good"]}},
        "majority": {"weights": ALWAYS_POSITIVE, "name": "majority"},
        "other feature": {"feature": "sentence"},
    }
    for name, options in kinds.items():
        save_model(root / name / "Format-Serving", **options)
    return root


def artifact(uri, artifact_id):
    model = standard_artifacts.Model()
    model.uri, model.id = str(uri), artifact_id
    return model


class Evaluation:
    """Runs the executor by hand and reads what it wrote."""

    def __init__(self, folder, examples, models):
        self.folder, self.examples, self.models = folder, examples, models

    def run(self, candidate="good", *, champion=None, baselines=("majority",), **config):
        outputs = {
            keys.EVALUATION: standard_artifacts.ModelEvaluation(),
            keys.BLESSING: standard_artifacts.ModelBlessing(),
        }
        for name, output in outputs.items():
            output.uri = str(self.folder / name)
            (self.folder / name).mkdir()
        inputs = {
            keys.EXAMPLES: [self.examples],
            keys.MODEL: [artifact(self.models / candidate, 7)],
            keys.BASELINES: [artifact(self.models / name, 8) for name in baselines],
            keys.CHAMPION: [] if champion is None else [artifact(self.models / champion, 3)],
        }
        context = BaseBeamExecutor.Context(tmp_dir=str(self.folder / "tmp"))
        Executor(context).Do(
            inputs,
            {name: [output] for name, output in outputs.items()},
            {
                "task": json.dumps(TASK),
                "config": EvaluateConfig.model_validate(config).model_dump_json(),
                "split": keys.EVAL,
                "code_version": "0",
            },
        )
        self.blessing = outputs[keys.BLESSING]
        self.evaluation_dir = self.folder / keys.EVALUATION
        return Verdict.model_validate_json((self.evaluation_dir / keys.VERDICT_FILE).read_text())


@pytest.fixture
def evaluation(tmp_path, examples, models):
    return Evaluation(tmp_path, examples, models)


def test_a_first_run_is_judged_on_the_baselines_and_says_so(evaluation):
    verdict = evaluation.run()
    assert verdict.blessed
    assert verdict.champion.status == "none"
    assert [reason.outcome for reason in verdict.reasons] == ["skipped", "pass"]
    assert verdict.num_rows == 8
    assert verdict.metrics["candidate"]["accuracy"] == pytest.approx(0.875)
    assert verdict.metrics["majority"]["accuracy"] == pytest.approx(0.625)
    assert verdict.worst_slices["majority"].slice == "label=negative"
    assert is_blessed(evaluation.blessing)
    assert (evaluation.folder / keys.BLESSING / "BLESSED").is_file()
    assert evaluation.blessing.get_int_custom_property("current_model_id") == 7
    candidate_uri = str(evaluation.models / "good")
    assert evaluation.blessing.get_string_custom_property("current_model") == candidate_uri


def test_champion_and_baselines_are_measured_in_one_pass(evaluation):
    verdict = evaluation.run(champion="half", slices=["source"])
    assert verdict.champion.status == "compared"
    assert set(verdict.metrics) == {"candidate", "champion", "majority"}
    assert evaluation.blessing.get_int_custom_property("baseline_model_id") == 3
    assert verdict.metrics["champion"]["accuracy"] == pytest.approx(0.625)
    result = tfma.load_eval_result(str(evaluation.evaluation_dir), model_name="champion")
    slices = {slice_key for slice_key, _ in result.slicing_metrics}
    assert {(), (("label", "positive"),), (("source", "web"),)} <= slices
    by_source = {
        name: figures for name, figures in verdict.slices.items() if name.startswith("source=")
    }
    assert sum(figures.num_rows for figures in by_source.values()) == verdict.num_rows
    for model, metrics in verdict.metrics.items():
        mean = sum(item.num_rows * item.values[model] for item in by_source.values()) / 8
        assert mean == pytest.approx(metrics["accuracy"])


def test_a_worse_candidate_is_not_blessed(evaluation):
    verdict = evaluation.run("half", champion="good")
    assert not verdict.blessed
    assert not is_blessed(evaluation.blessing)
    assert (evaluation.folder / keys.BLESSING / "NOT_BLESSED").is_file()
    assert "champion has 0.8750; the difference -0.2500" in verdict.reasons[0].sentence


def test_an_incompatible_champion_is_left_out_and_the_verdict_says_why(evaluation):
    verdict = evaluation.run(champion="other feature")
    assert verdict.champion.status == "incompatible"
    assert "signature examples failed" in verdict.champion.reason
    assert verdict.champion.reason in verdict.reasons[0].sentence
    assert verdict.blessed
    assert set(verdict.metrics) == {"candidate", "majority"}
    assert not evaluation.blessing.get_string_custom_property("baseline_model")


def test_a_candidate_alone_is_measured_too(evaluation):
    verdict = evaluation.run(baselines=())
    assert verdict.blessed
    assert verdict.metrics["candidate"]["accuracy"] == pytest.approx(0.875)


def test_a_threshold_on_a_slice_decides(evaluation):
    rule = {"metric": "accuracy", "min": 0.9, "slice": "source"}
    verdict = evaluation.run(slices=["source"], thresholds=[rule])
    outcomes = {reason.slice: reason.outcome for reason in verdict.reasons}
    assert outcomes == {"source=mail": "fail", "source=web": "pass"}
    assert not verdict.blessed


def test_an_unknown_name_in_a_threshold_is_the_users_to_mend(evaluation):
    with pytest.raises(UserError, match=r"thresholds\.0\.metric: must be one of accuracy, mcc"):
        evaluation.run(thresholds=[{"metric": "f3", "min": 0}])


@pytest.mark.parametrize("num_baselines", [0, 1, 3])
def test_the_component_takes_any_number_of_baselines(num_baselines):
    def channel(artifact_type):
        return channel_utils.as_channel([artifact_type()])

    models = [
        Channel(type=standard_artifacts.Model, producer_component_id=f"Baseline.{number}")
        for number in range(num_baselines)
    ]
    component = Evaluate(
        examples=channel(standard_artifacts.Examples),
        model=channel(standard_artifacts.Model),
        baselines=models,
        config=EvaluateConfig(),
        task=TASK,
        split=keys.EVAL,
        code_version="0",
    )
    taken = [key for key in component.inputs if key.startswith(keys.BASELINES)]
    assert len(taken) == num_baselines
    assert component.outputs[keys.BLESSING].type_name == "ModelBlessing"
