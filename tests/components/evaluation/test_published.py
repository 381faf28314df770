"""The champion by what is live, where there is no ML Metadata to ask."""

import pytest
from tfx.types import standard_artifacts

from components.evaluation.published import Executor, published_champion
from components.none_found import is_none
from schemas import features as keys
from serving.control.changes import promote, rollback
from serving.fingerprint import model_fingerprint


def write_model(folder, content):
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_text(content)
    return folder


@pytest.fixture
def model_base(tmp_path):
    base = tmp_path / "serving"
    for version, content in enumerate(["first", "second", "third"], start=1):
        write_model(base / str(version), content)
    return base


@pytest.fixture
def champion_of(model_base, tmp_path):
    """Returns the version that a candidate of some content is measured against."""

    def find(content):
        fingerprint = model_fingerprint(write_model(tmp_path / "candidate", content))
        found = published_champion(model_base, fingerprint)
        return None if found is None else int(found.name)

    return find


@pytest.mark.parametrize(("candidate", "expected"), [("fourth", 3), ("third", 2), ("second", 3)])
def test_it_is_what_is_live_or_was_before_the_candidate_was(champion_of, candidate, expected):
    assert champion_of(candidate) == expected


def test_it_is_what_was_promoted(champion_of, model_base):
    promote(model_base, 1)
    assert champion_of("fourth") == 1


def test_what_was_taken_back_is_none(champion_of, model_base):
    rollback(model_base, 2)
    assert champion_of("third") == 2


def test_what_was_taken_back_for_a_higher_version_is_none(champion_of, model_base):
    promote(model_base, 2)
    assert rollback(model_base).stable == 3
    assert champion_of("third") == 1


def test_a_candidate_that_is_all_there_is_has_none(tmp_path):
    base = tmp_path / "serving"
    fingerprint = model_fingerprint(write_model(base / "1", "first"))
    assert published_champion(base, fingerprint) is None
    assert published_champion(tmp_path / "missing", fingerprint) is None


@pytest.fixture
def run(tmp_path, model_base):
    """Runs the step for a candidate; returns the champion."""

    def do(base=model_base):
        model, champion = standard_artifacts.Model(), standard_artifacts.Model()
        model.uri, champion.uri = str(tmp_path / "model"), str(tmp_path / "champion")
        write_model(tmp_path / "model" / "Format-Serving", "fourth")
        Executor().Do(
            {keys.MODEL: [model]},
            {keys.CHAMPION: [champion]},
            {"model_base": str(base), "run_id": "run-1"},
        )
        return champion

    return do


def test_the_step_copies_it_as_the_trainer_leaves_a_model(run, tmp_path):
    assert not is_none(run())
    assert (tmp_path / "champion/Format-Serving/saved_model.pb").read_text() == "third"


def test_the_step_says_that_there_is_none(run, tmp_path):
    assert is_none(run(tmp_path / "missing"))
