import pytest

from pipeline.init import reading
from pipeline.init.layout import detect_layout
from pipeline.init.reading import MAX_SLICE_VALUES_COUNTED, survey_files
from pipeline.init.roles import Roles
from schemas.errors import UserError

_ROLES = Roles(text="text", label="label", slices=(), unused={})
_HEADER = ("text", "label")


@pytest.fixture
def survey(write_rows, any_task):
    """Surveys files, given as rows by split."""

    def survey_rows(roles=_ROLES, header=_HEADER, **splits):
        layouts = {
            split: detect_layout(write_rows(f"{split}.csv", [header, *rows]), header=True)
            for split, rows in splits.items()
        }
        return survey_files(layouts, roles, any_task)

    return survey_rows


def test_labels_and_lengths_are_counted(survey):
    found = survey(train=[("so good", "pos"), ("bad", " neg "), ("not so good", "pos")])
    assert found.counts.labels == {("train", "pos"): 2, ("train", "neg"): 1}
    assert found.words == {2: 1, 1: 1, 3: 1}
    assert found.characters == {7: 1, 3: 1, 11: 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("  ", "pos"), "empty_text"),
        (("good", " "), "empty_label"),
        (("good", "pos", "more"), "column_count"),
    ],
)
def test_rows_that_ingest_would_reject_are_counted_by_reason(survey, row, reason):
    found = survey(train=[("fine", "pos"), row])
    assert found.counts.rejected == {reason: 1}
    assert found.rejected_lines()[0].split(":")[0].endswith("train.csv")
    assert found.num_usable == 1


def test_repeats_are_found_within_and_between_files(survey):
    found = survey(
        train=[("Good film", "pos"), ("good  FILM", "pos"), ("so bad", "neg"), ("so bad", "pos")],
        eval=[("so bad", "neg"), ("unseen", "neg")],
    )
    assert found.counts.duplicates == {"train": 1}
    assert found.counts.conflicts == {"train": 1}
    assert found.counts.leaks == {"eval": 1}
    (example,) = found.counts.examples["leaks"]
    assert example.row.endswith("eval.csv:2")


def test_repeats_are_found_beyond_one_pack_of_rows(survey, monkeypatch):
    monkeypatch.setattr(reading, "_PACKED_AT_ONCE", 3)
    rows = [(f"text {number}", "pos") for number in range(10)]
    found = survey(train=[*rows, ("text 0", "pos"), ("text 9", "neg")])
    assert (found.counts.duplicates.total(), found.counts.conflicts.total()) == (1, 1)


def test_values_of_slices_are_counted_up_to_a_limit(survey):
    roles = Roles(text="text", label="label", slices=("few", "many"), unused={})
    rows = [(f"text {n}", "pos", n % 2, n) for n in range(300)]
    found = survey(roles, (*_HEADER, "few", "many"), train=rows)
    assert found.slices["few"] == {"0": 150, "1": 150}
    assert len(found.slices["many"]) == MAX_SLICE_VALUES_COUNTED


def test_a_label_of_too_many_values_is_refused(survey):
    with pytest.raises(UserError, match=r"needs 1000 values at most, .*label has more.*--label"):
        survey(train=[(f"text {number}", number) for number in range(1001)])


def test_a_row_without_a_value_is_a_missing_column(write, any_task):
    path = write("rows.jsonl", '{"text": "good", "label": "pos"}\n{"text": "bad"}\n')
    found = survey_files({"train": detect_layout(path)}, _ROLES, any_task)
    assert found.counts.rejected == {"missing_column": 1}


def test_a_nul_in_json_is_rejected(write, any_task):
    path = write("rows.jsonl", '{"text": "go\\u0000od", "label": "pos"}\n')
    found = survey_files({"train": detect_layout(path)}, _ROLES, any_task)
    assert found.counts.rejected == {"nul": 1}
