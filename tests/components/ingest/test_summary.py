from itertools import permutations

from components.ingest.summary import Counts, IngestSummary, RowExample, summarize, total


def part(number):
    counts = Counts()
    counts.accepted["train"] += number
    counts.labels["train", "1"] += number
    counts.rejected["nul"] += 1
    counts.add_example("nul", RowExample(number, 1, f"a.tsv:{number}", "a NUL"))
    counts.failures.append(f"failure {number}")
    return counts


def test_the_sum_does_not_depend_on_the_order():
    sums = [total(parts) for parts in permutations([part(1), part(2), part(3), part(4)])]
    assert all(counts == sums[0] for counts in sums)
    assert sums[0].accepted == {"train": 10}


def test_the_parts_stay_as_they_are():
    first = part(1)
    total([first, part(2)])
    assert first == part(1)


def test_the_first_examples_are_kept():
    assert [example.row for example in total(map(part, (5, 4, 3, 2, 1))).examples["nul"]] == [
        "a.tsv:1",
        "a.tsv:2",
        "a.tsv:3",
    ]


def test_every_row_is_accounted_for():
    counts = total([part(3), part(4)])
    counts.dropped["train"] += 2
    summary = summarize(counts, ("train", "eval"), span=5)
    assert summary.num_rows == 9
    assert (
        summary.num_rows
        == sum(summary.accepted.values()) + summary.num_rejected + summary.num_dropped
    )
    assert summary.accepted == {"train": 5, "eval": 0}
    assert summary.examples == {"nul": ("a.tsv:3: a NUL", "a.tsv:4: a NUL")}
    assert summary.span == 5


def test_reasons_come_most_frequent_first():
    counts = Counts()
    counts.rejected.update({"nul": 1, "column_count": 5})
    assert list(summarize(counts, ("train",)).rejected) == ["column_count", "nul"]


def test_the_record_survives_json():
    summary = summarize(total([part(1)]), ("train", "eval"))
    assert IngestSummary.model_validate_json(summary.model_dump_json()) == summary
