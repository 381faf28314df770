"""Models, and the executor of Publish by hand."""

from pathlib import Path

import pytest
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import standard_artifacts

from components.evaluation.verdict import ChampionStatus, Reason, Verdict
from components.publish import executor
from components.publish.config import PublishConfig
from components.publish.publication import Publication
from components.serving_check.result import Check, ServingCheckResult
from schemas import features as keys
from tests.serving.tiny_examples import make_row, write_examples
from tests.serving.tiny_models import LABELS, WEIGHTS, save_model

ROWS = [make_row(number, f"a good day {number}", LABELS[1]) for number in range(3)]


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    return write_examples(tmp_path_factory.mktemp("examples"), ROWS)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    save_model(root / "first" / "Format-Serving")
    save_model(root / "second" / "Format-Serving", weights={"good": WEIGHTS["good"]})
    save_model(root / "third" / "Format-Serving", weights={"bad": WEIGHTS["bad"]})
    return root


def stored(artifact_type, folder, **files):
    """Returns an artifact in `folder` with files of the given content."""
    artifact = artifact_type()
    artifact.uri = str(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(content.model_dump_json())
    return artifact


def verdict(blessed):
    reason = Reason(outcome="pass" if blessed else "fail", sentence="overall: accuracy is 0.7")
    return Verdict(
        blessed=blessed,
        reasons=(reason,),
        champion=ChampionStatus(status="none"),
        split=keys.EVAL,
        num_rows=3,
        metrics={"candidate": {"accuracy": 0.75, "mcc": None}, "majority": {"accuracy": 0.5}},
        worst_slices={},
    )


class Publisher:
    """Runs the executor by hand and reads what it wrote."""

    def __init__(self, folder, examples, models):
        self.folder, self.examples, self.models = folder, examples, models
        self.model_base = folder / "serving"
        self.runs = 0
        self.remote_base = ""

    def run(self, model="first", *, blessed=True, servable=True, warmups=4, figures=None, **config):
        self.runs += 1
        folder = self.folder / f"run-{self.runs}"
        check = Check(
            name="answers hostile texts",
            passed=servable,
            detail="empty: no numbers",
            figures=figures or {},
        )
        inputs = {
            keys.MODEL: stored(standard_artifacts.Model, self.models / model),
            keys.EXAMPLES: self.examples,
            keys.EVALUATION: stored(
                standard_artifacts.ModelEvaluation, folder / "e", verdict=verdict(blessed)
            ),
            keys.BLESSING: stored(standard_artifacts.ModelBlessing, folder / "b"),
            keys.SERVING_BLESSING: stored(
                standard_artifacts.InfraBlessing,
                folder / "s",
                serving_check=ServingCheckResult(checks=(check,)),
            ),
        }
        inputs[keys.BLESSING].set_int_custom_property("blessed", int(blessed))
        inputs[keys.SERVING_BLESSING].set_int_custom_property("blessed", int(servable))
        self.pushed = stored(standard_artifacts.PushedModel, folder / "p")
        executor.Executor(BaseExecutor.Context()).Do(
            {name: [artifact] for name, artifact in inputs.items()},
            {keys.PUSHED_MODEL: [self.pushed]},
            {
                "model_base": str(self.model_base),
                "config": PublishConfig(warmup_requests=warmups, **config).model_dump_json(),
                "remote_base": self.remote_base,
                "run_id": f"run-{self.runs}",
                "code_version": "0",
            },
        )
        text = Path(self.pushed.uri, keys.PUBLICATION_FILE).read_text()
        return Publication.model_validate_json(text)

    def versions(self):
        return sorted(path.name for path in self.model_base.iterdir())


@pytest.fixture
def publisher(tmp_path, examples, models):
    return Publisher(tmp_path, examples, models)
