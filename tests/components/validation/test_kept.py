"""Statistics that are kept in a folder, where there is no ML Metadata to ask."""

from pathlib import Path

import pytest
from tfx.types import artifact_utils, standard_artifacts

from components.none_found import is_none
from components.validation.kept import Executor, keep, latest_before
from schemas import features as keys


def statistics(folder, *, span, splits=("train", "eval")):
    made = standard_artifacts.ExampleStatistics()
    made.uri, made.span = str(folder), span
    made.split_names = artifact_utils.encode_split_names(list(splits))
    for split in splits:
        path = Path(folder, f"Split-{split}", "FeatureStats.pb")
        path.parent.mkdir(parents=True)
        path.write_text(f"{split} of {span}")
    return made


@pytest.fixture
def kept_in(tmp_path):
    """A folder with the statistics of spans 2 and 10, and of a run without spans."""
    for span in (0, 2, 10):
        keep(statistics(tmp_path / f"made-{span}", span=span), tmp_path / "kept")
    return tmp_path / "kept"


@pytest.mark.parametrize(("span", "expected"), [(11, 10), (10, 2), (3, 2), (2, 0), (0, 0)])
def test_the_latest_before_a_span_is_found(kept_in, span, expected):
    found = latest_before(span, kept_in)
    assert found == kept_in / f"{expected:012d}"


def test_half_a_copy_is_none(kept_in):
    (kept_in / f"{10:012d}" / "split_names").unlink()
    assert latest_before(11, kept_in) == kept_in / f"{2:012d}"


def test_those_of_the_same_span_are_replaced(kept_in, tmp_path):
    again = statistics(tmp_path / "again", span=10, splits=("train",))
    Path(again.uri, "Split-train", "FeatureStats.pb").write_text("better")
    keep(again, kept_in)
    kept = latest_before(11, kept_in)
    assert (kept / "Split-train/FeatureStats.pb").read_text() == "better"
    assert artifact_utils.decode_split_names((kept / "split_names").read_text()) == ["train"]


@pytest.fixture
def run(kept_in, tmp_path):
    """Runs the step for the statistics of a span; returns the previous ones."""

    def do(span, folder=kept_in):
        present = statistics(tmp_path / "present", span=span)
        previous = standard_artifacts.ExampleStatistics()
        previous.uri = str(tmp_path / "previous")
        Executor().Do(
            {keys.STATISTICS: [present]},
            {keys.PREVIOUS_STATISTICS: [previous]},
            {"kept_in": str(folder), "run_id": "run-1"},
        )
        return previous

    return do


def test_the_step_copies_them(run, tmp_path):
    previous = run(11)
    assert (previous.span, is_none(previous)) == (10, False)
    assert artifact_utils.decode_split_names(previous.split_names) == ["train", "eval"]
    assert (tmp_path / "previous/Split-eval/FeatureStats.pb").read_text() == "eval of 10"


def test_the_step_says_that_there_are_none(run, tmp_path):
    assert is_none(run(11, tmp_path / "missing"))
