import re
from collections import Counter

import pytest

from components.ingest.summary import RowExample
from pipeline.init.choices import choose
from pipeline.init.findings import check_rows, is_rare, warnings
from pipeline.init.survey import Survey
from schemas.errors import UserError


@pytest.fixture
def survey():
    """A survey without anything to say about it."""
    survey = Survey(words=Counter({8: 1200}), characters=Counter({40: 1200}))
    survey.counts.accepted.update(train=1000, eval=200)
    survey.counts.labels.update(
        {("train", "a"): 500, ("train", "b"): 500, ("eval", "a"): 100, ("eval", "b"): 100}
    )
    return survey


def _warnings(survey):
    return list(warnings(survey, ("train", "eval"), choose(survey, ["some text"], None)))


def test_good_files_pass_without_a_word(survey):
    check_rows(survey, "label")
    assert _warnings(survey) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda counts: counts.labels.update({("eval", "c"): 1}), "label 'c' is in eval and not"),
        (lambda counts: counts.labels.update({("train", "c"): 3}), r"rare labels: 'c' \(3\)"),
        (lambda counts: counts.labels.update({("train", "A"): 500}), "'A' and 'a' look like one"),
        (lambda counts: counts.labels.update({("train", "a"): 9500}), "95% of the rows .* 'a'"),
        (lambda counts: counts.rejected.update(nul=100), r"100 of 1,300 rows .*above 9%"),
        (lambda counts: counts.rejected.update(invalid_utf8=1), "iconv -f WINDOWS-1252"),
        (lambda counts: counts.rejected.update(column_count=50), r"^50 of 1,250 .* be quoted"),
        (lambda counts: counts.conflicts.update(train=2), "2 texts have more than one label"),
        (lambda counts: counts.leaks.update(eval=2), "2 eval or test rows have a text of train"),
        (lambda counts: counts.duplicates.update(train=100), r"8\.3% of the rows are repeats"),
        (lambda counts: counts.accepted.update(train=-900), "100 training rows are few"),
    ],
)
def test_what_may_hurt_is_said(survey, change, message):
    change(survey.counts)
    assert any(re.search(message, warning) for warning in _warnings(survey))


def test_a_warning_names_a_row(survey):
    survey.counts.conflicts["train"] = 1
    survey.counts.add_example("conflicts", RowExample(0, 7, "train.tsv:7"))
    assert _warnings(survey) == ["1 texts have more than one label, such as train.tsv:7"]


@pytest.mark.parametrize(
    ("label", "kind"),
    [("praize", "a typing error for 'praise'"), ("n/a", "a typing error or a stray value")],
)
def test_a_label_of_one_row_is_no_imbalance_but_a_slip(survey, label, kind):
    survey.counts.labels.clear()
    survey.counts.labels.update(
        {("train", "praise"): 60, ("train", "complaint"): 60, ("train", label): 1}
    )
    (warning,) = _warnings(survey)
    assert warning.startswith(f"label {label!r} has 1 of 121 rows: likely {kind}; mend the rows")


def test_the_second_of_two_labels_is_no_slip(survey):
    survey.counts.labels.clear()
    survey.counts.labels.update({("train", "ham"): 998, ("train", "spam"): 2})
    rare, uneven = _warnings(survey)
    assert rare.startswith("rare labels: 'spam' (2)")
    assert "macro_f1" in uneven


def test_few_rows_of_every_label_are_no_slips(survey):
    survey.counts.labels.clear()
    survey.counts.labels.update({("train", f"intent {n}"): 1 + n % 3 for n in range(400)})
    (warning,) = _warnings(survey)
    assert warning.startswith("rare labels: 'intent 0' (1), ")


@pytest.mark.parametrize(
    ("rows", "fraction", "message"),
    [
        ({"train": 1000, "eval": 20}, None, r"eval has 20 rows: .* ±22 points .*error 11\)"),
        ({"train": 1000, "eval": 500, "test": 50}, None, r"test has 50 rows: .* ±14 points"),
        ({"train": 250}, 0.2, r"eval has about 50 rows: .* ±14 points"),
    ],
)
def test_few_rows_to_judge_by_are_said_with_the_figure(survey, rows, fraction, message):
    survey.counts.accepted.clear()
    survey.counts.accepted.update(rows)
    (warning,) = warnings(survey, rows, choose(survey, ["some text"], fraction))
    assert re.match(message, warning)


@pytest.mark.parametrize(
    ("labels", "rare"),
    [
        ({"a": 95, "b": 5}, ["b"]),
        ({"a": 9_000, "b": 50}, ["b"]),
        ({"a": 9_000, "b": 100}, []),
        ({f"intent {number}": 20 for number in range(150)}, []),
    ],
)
def test_rare_labels_have_few_rows_or_a_small_share(labels, rare):
    counts = Counter(labels)
    assert [label for label in counts if is_rare(counts, label)] == rare


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda counts: counts.accepted.update(train=-995), "needs 10 usable rows .* received 5"),
        (lambda counts: counts.labels.pop(("train", "b")), "one label only: .* 'a' in column 1"),
        (lambda counts: counts.leaks.update(eval=200), "every text of eval is in train too"),
    ],
)
def test_data_that_nothing_can_be_learned_from_is_refused(survey, change, message):
    change(survey.counts)
    with pytest.raises(UserError, match=message):
        check_rows(survey, "column 1")
