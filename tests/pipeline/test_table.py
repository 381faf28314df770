"""What a person reads at the end of a run."""

import io

import pytest

from components.evaluation.verdict import ChampionStatus, SliceFigures, Verdict
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


def verdict(slices, num_slices=None, note=""):
    return Verdict(
        blessed=True,
        reasons=(),
        champion=ChampionStatus(status="compared"),
        split="eval",
        num_rows=100,
        metrics={"champion": {"accuracy": 0.7}, "candidate": {"accuracy": 0.8}},
        worst_slices={},
        slices={
            name: SliceFigures(metric="accuracy", num_rows=1234, values=values)
            for name, values in slices.items()
        },
        num_slices=num_slices or len(slices),
        note=note,
    )


def cells(text, start):
    return [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in text.splitlines()
        if start in line
    ]


@pytest.mark.parametrize("note", ["", "eval has 20 rows: [few]"])
def test_the_note_of_the_verdict_stands_below_its_rules(note):
    text = shown(verdict=verdict({}, note=note))
    assert ("note" in text) == bool(note)
    assert note in text


def test_every_model_stands_side_by_side_on_each_slice():
    text = shown(
        verdict=verdict(
            {
                "file=dev_matched.tsv": {"champion": 0.81, "candidate": 0.84},
                "file=dev_mismatched.tsv": {"champion": None, "candidate": 0.85},
            }
        )
    )
    assert "accuracy by slice" in text
    assert cells(text, "file=") == [
        ["file=dev_matched.tsv", "1,234", "0.8400", "0.8100"],
        ["file=dev_mismatched.tsv", "1,234", "0.8500", "–"],
    ]
    assert "run.json has" not in text


def test_the_worst_slices_of_each_feature_are_printed_and_the_others_counted():
    values = {"candidate": 0.5}
    many = {f"title={number}": values for number in range(30)}
    text = shown(verdict=verdict(many | {"label=a": values}, num_slices=2000))
    assert [row[0] for row in cells(text, "title=")] == [f"title={number}" for number in range(10)]
    assert len(cells(text, "label=a")) == 1
    assert "11 of 2,000 slices, the worst of each feature; run.json has 31" in " ".join(
        text.split()
    )


def test_without_slices_there_is_no_table_of_them():
    assert "by slice" not in shown(verdict=verdict({}))
