from models.tuning.record import TrialRecord, TuningRecord


def test_the_outcome_in_one_line():
    record = TuningRecord(
        algorithm="random",
        metric="accuracy",
        higher_is_better=True,
        best=2,
        trials=(
            TrialRecord(number=1, status="failed", values={"train.batch_size": 8}),
            TrialRecord(
                number=2,
                status="completed",
                values={"train.batch_size": 16, "train.learning_rate": 0.00012345},
                score=0.9,
            ),
        ),
    )
    assert record.summary == (
        "best 0.9000 in 2 trials: train.batch_size 16, train.learning_rate 0.0001234"
    )
