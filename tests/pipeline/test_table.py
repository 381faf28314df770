"""What a person reads at the end of a run."""

import io

import pytest

from components.evaluation.verdict import ChampionStatus, Verdict
from models.tuning.record import TrialRecord, TuningRecord
from pipeline.console import make_console
from pipeline.report import RunReport
from pipeline.table import show_report


def shown(**parts):
    stream = io.StringIO()
    report = RunReport(
        run_id="1",
        name="news",
        status="failed",
        started_at="2026-01-01T00:00:00+00:00",
        seconds=1.0,
        steps=[],
        model_base="serving",
        **parts,
    )
    show_report(report, make_console(stream))
    return stream.getvalue()


def test_trials_are_ranked_with_failed_ones_last():
    trials = [
        TrialRecord(number=1, status="failed", values={"train.learning_rate": 0.5}),
        *(
            TrialRecord(
                number=number,
                status="completed",
                values={"train.learning_rate": rate},
                score=score,
                steps=1000,
                seconds=2.0,
            )
            for number, rate, score in ((2, 0.001, 0.7), (3, 0.0001, 0.9))
        ),
    ]
    text = shown(
        tuning=TuningRecord(
            algorithm="random", metric="accuracy", higher_is_better=True, best=3, trials=trials
        )
    )
    rows = [line.split("│")[1:-1] for line in text.splitlines() if "0.0" in line or "0.5" in line]
    assert [row[0].strip() for row in rows] == ["3", "2", "1"]
    assert [row[2].strip() for row in rows] == ["0.9000", "0.7000", "failed"]
    assert "Trials of the random search" in text


def test_without_a_search_there_is_no_table_of_trials():
    assert "Trials" not in shown()


@pytest.mark.parametrize("note", ["", "eval has 20 rows: [few]"])
def test_the_note_of_the_verdict_stands_below_its_rules(note):
    verdict = Verdict(
        blessed=True,
        reasons=(),
        champion=ChampionStatus(status="none"),
        split="eval",
        num_rows=20,
        metrics={},
        worst_slices={},
        note=note,
    )
    text = shown(verdict=verdict)
    assert ("note" in text) == bool(note)
    assert note in text
