"""`albert-tfx drift` on a model base and a request log, as a user calls it."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from typer.testing import CliRunner

from components.drift.profile import make_profile
from models.config import VocabularyConfig
from models.vocabulary import train_vocabulary
from pipeline.cli import app
from schemas.errors import UserError
from tests.components.drift.test_comparison import rows, write_log
from tests.models.tiny_training import texts


@pytest.fixture(scope="module")
def model_base(tmp_path_factory):
    base = tmp_path_factory.mktemp("reviews") / "serving"
    (base / "7").mkdir(parents=True)
    (base / "7" / "saved_model.pb").write_bytes(b"graph")
    vocabulary = train_vocabulary([text for text, _ in texts(300)], VocabularyConfig(size=64))
    make_profile(rows(1000, seed=0), vocabulary).write(base / "7")
    return base


def call(log, model_base, *options):
    arguments = ["drift", str(log), "--model-base", str(model_base), *options]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def log(tmp_path):
    def write(logged):
        at = datetime.now(timezone.utc) - timedelta(hours=1)
        write_log(tmp_path / "log", logged, at=at)
        return tmp_path / "log"

    return write


def test_a_stable_period_ends_with_0_and_is_kept(log, model_base):
    folder = log(rows(600, seed=1))
    result = call(folder, model_base)
    assert result.exit_code == 0, result.output
    assert "version 7: no drift in 600 texts" in result.stdout
    assert "text.unknown_rate" in result.stdout
    (kept,) = (folder / "drift").glob("*/drift.json")
    assert json.loads(kept.read_text())["status"] == "stable"
    assert "plotly" in kept.with_name("drift.html").read_text()
    assert kept.with_name("statistics.pb").stat().st_size


def test_drift_ends_with_3(log, model_base, tmp_path):
    folder = log(rows(600, seed=1, change=lambda text: f"{text} {text} {text}"))
    result = call(folder, model_base, "--json", "--output", str(tmp_path / "out"))
    assert result.exit_code == 3
    assert json.loads(result.stdout)["status"] == "drifted"
    assert (tmp_path / "out" / "drift.json").is_file()


def test_too_few_texts_end_with_4(log, model_base):
    result = call(log(rows(60, seed=1)), model_base)
    assert result.exit_code == 4
    assert "too few texts to tell, 60 of 500" in result.stdout


def test_a_version_that_is_not_there_is_refused(log, model_base):
    with pytest.raises(UserError, match="received version 9"):
        call(log(rows(60, seed=1)), model_base, "--version", "9")
