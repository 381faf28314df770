import pytest

from schemas.errors import UserError


def test_one_file_is_looked_at(write_rows, messages, inspect):
    found = inspect(write_rows("messages.csv", [("message", "mood"), *messages]))
    assert list(found.layouts) == ["train"]
    assert (found.roles.text, found.roles.label) == ("message", "mood")
    assert found.survey.num_usable == len(found.rows) == len(messages)
    assert [profile.column for profile in found.profiles] == ["message", "mood"]


def test_files_by_split_are_looked_at_together(write_rows, messages, inspect):
    files = [write_rows("dev.tsv", messages[:50]), write_rows("train.tsv", messages[50:])]
    found = inspect(*files)
    assert {split: layout.path.name for split, layout in found.layouts.items()} == {
        "train": "train.tsv",
        "eval": "dev.tsv",
    }
    assert found.survey.counts.accepted == {"train": 250, "eval": 50}


def test_sst2_is_looked_at(sst2, inspect):
    found = inspect(sst2 / "train.tsv", sst2 / "dev.tsv")
    assert not any(layout.header for layout in found.layouts.values())
    assert (found.roles.text, found.roles.label) == (0, 1)
    # Row and label counts of the files, by `wc -l` and `cut -f2 | sort | uniq -c`.
    assert found.survey.counts.accepted == {"train": 6920, "eval": 872}
    assert found.survey.labels_of("train") == {"1": 3610, "0": 3310}
    assert found.survey.num_rejected == 0


def test_a_file_without_labels_is_left_out(write_rows, messages, inspect):
    train = write_rows("train.tsv", [("sentence", "label"), *messages])
    test = write_rows(
        "test.tsv", [("index", "sentence"), *((n, t) for n, (t, _) in enumerate(messages))]
    )
    found = inspect(train, test)
    assert list(found.layouts) == ["train"]
    assert found.notes == (f"{test} has no label column label: it is left out",)


def test_a_column_that_another_file_lacks_is_no_slice(write_rows, messages, inspect):
    header = ("text", "label", "topic")
    rows = [(*row, ("bill", "ship")[n % 2]) for n, row in enumerate(messages)]
    train = write_rows("train.csv", [header, *rows])
    dev = write_rows("dev.csv", [header[:2], *messages])
    assert inspect(train).roles.slices == ("topic",)
    assert inspect(train, dev).roles.slices == ()
    assert inspect(train, dev).roles.unused == {"topic": "not in dev.csv"}


def test_a_column_of_many_values_beyond_the_sample_is_no_slice(write, monkeypatch, inspect):
    monkeypatch.setattr("pipeline.init.sample.SAMPLE_ROWS", 100)
    monkeypatch.setattr("pipeline.init.reading.MAX_SLICE_VALUES_COUNTED", 3)
    monkeypatch.setattr("pipeline.init.inspection.MAX_SLICE_VALUES_COUNTED", 3)
    rows = (f"text {n} of many,{n % 2},{'abc'[n % 3]}\n" for n in range(600))
    found = inspect(write("rows.csv", "text,label,group\n" + "".join(rows)))
    assert found.roles.slices == ()
    assert found.roles.unused == {"group": "3 different values or more"}


@pytest.mark.parametrize(
    ("hints", "text", "label"),
    [
        ({"text": "b"}, "b", "label"),
        ({"text": "1"}, "b", "label"),
        ({"text": "a", "label": "topic"}, "a", "topic"),
        ({"text": "0", "label": "3"}, "a", "topic"),
    ],
)
def test_columns_can_be_named_by_name_or_position(
    write_rows, messages, inspect, hints, text, label
):
    rows = [
        (first, second, mood, ("bill", "ship")[n % 2])
        for n, ((first, mood), (second, _)) in enumerate(zip(messages, messages[::-1], strict=True))
    ]
    found = inspect(write_rows("rows.csv", [("a", "b", "label", "topic"), *rows]), **hints)
    assert (found.roles.text, found.roles.label) == (text, label)


def test_a_text_of_a_pair_can_be_named(write_rows, messages, inspect):
    rows = [(text, text[::-1], label) for text, label in messages]
    path = write_rows("rows.tsv", [("premise", "hypothesis", "label"), *rows])
    with pytest.raises(UserError, match="two texts a row"):
        inspect(path)
    assert inspect(path, text="hypothesis").roles.text == "hypothesis"


def test_a_header_can_be_declared(write_rows, messages, inspect):
    path = write_rows("rows.tsv", [("so good", "pos"), *messages])
    assert inspect(path, header=True).roles.text == "so good"
    assert inspect(path, header=False).roles.text == 0


@pytest.mark.parametrize("option", ["text", "label"])
def test_a_column_that_there_is_not_is_refused(write_rows, messages, inspect, option):
    path = write_rows("rows.tsv", messages)
    with pytest.raises(UserError, match=f"--{option} must be a column .*'x'; there are 0, 1"):
        inspect(path, **{option: "x"})


def test_a_dev_file_without_the_text_column_is_refused(write_rows, messages, inspect):
    train = write_rows("train.csv", [("text", "label"), *messages])
    dev = write_rows("dev.csv", [("review", "label"), *messages])
    with pytest.raises(
        UserError, match=r"must have the text column text of .*it has review, label"
    ):
        inspect(train, dev)


def test_formats_that_endings_do_not_tell_are_refused(write_rows, messages, inspect):
    train = write_rows("train.txt", messages)
    (train.parent / "rows.csv").write_bytes(write_rows("dev.csv", messages).read_bytes())
    dev = (train.parent / "rows.csv").rename(train.parent / "dev.txt")
    with pytest.raises(UserError, match=r"TSV and .* CSV, which their endings do not say"):
        inspect(train, dev)


def test_formats_that_endings_tell_go_together(write_rows, messages, inspect):
    train = write_rows("train.csv", [("text", "label"), *messages])
    dev = write_rows("dev.jsonl", [("text", "label"), *messages])
    found = inspect(train, dev)
    assert [layout.format for layout in found.layouts.values()] == ["csv", "jsonl"]


def test_a_file_of_unreadable_rows_is_refused(write, inspect):
    path = write("rows.tsv", "id\ttext\tlabel\n" + "so good\tpos\n" * 30)
    with pytest.raises(UserError, match="no row can be read; line 2: a row must have 3 columns"):
        inspect(path, header=True)


def test_long_files_report_their_progress(write_rows, messages, any_task, monkeypatch):
    from pipeline.init.inspection import Hints, inspect_files

    monkeypatch.setattr("pipeline.init.inspection._ROWS_A_REPORT", 100)
    said = []
    path = write_rows("rows.tsv", messages)
    inspect_files([path], any_task, Hints(), said.append)
    assert said == [
        *(f"looking at {path}: {count} rows" for count in (100, 200, 300)),
        *(f"reading all rows: {count} rows" for count in (100, 200, 300)),
    ]
