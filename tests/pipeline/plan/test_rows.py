import gzip
import json

import pytest

from components.ingest.sources import resolve_sources
from pipeline.plan.rows import count_rows, data_size, sample_rows, vocabulary_size
from schemas.errors import UserError


def files(config):
    return resolve_sources(config.ingest, config.typed_task).files


def test_rows_are_counted_and_split_as_ingest_would(make_config):
    size = data_size(make_config())
    assert (size.train_rows, size.eval_rows) == (3, 1)


def test_given_rows_are_taken(make_config):
    assert data_size(make_config(), rows=1000).train_rows == 1000


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.tsv", "text\tlabel\nx\tgood\ny\tbad\n", 2),
        ("no_newline.tsv", "text\tlabel\nx\tgood\ny\tbad", 2),
        ("a.csv", 'text,label\n"x\ny",good\nz,bad\n', 2),
        ("a.jsonl", '{"text": "x", "label": "good"}\n', 1),
        ("a.tsv.gz", "text\tlabel\nx\tgood\n", 1),
    ],
)
def test_every_format_is_counted(make_config, tmp_path, name, content, expected):
    path = tmp_path / name
    path.write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    (file,) = files(make_config(ingest={"train": str(path)}))
    assert count_rows(file) == expected


def test_lengths_without_a_vocabulary_come_from_words(make_config):
    config = make_config()
    lengths = sample_rows(config, files(config)).lengths
    assert lengths.longest == 2 + round(6 * 1.3)
    assert lengths.mean == pytest.approx((6 + 3 + 10 + 3) / 4)


def test_lengths_are_cut_as_the_model_cuts_them(make_config):
    config = make_config(model={"size": "albert-tiny", "max_length": 8})
    assert sample_rows(config, files(config)).lengths.longest == 8


def test_a_given_vocabulary_splits_the_rows_and_gives_its_size(make_config, spiece):
    config = make_config(vocabulary={"model": str(spiece)})
    assert vocabulary_size(config) == 28
    # Single letters: [CLS], "o", "n", "e" with the mark of its beginning, [SEP], and so on.
    assert sample_rows(config, files(config)).lengths.longest > 20


def test_without_the_data_rows_are_unknown_and_full(make_config):
    size = data_size(make_config(ingest={"train": "none.tsv"}))
    assert (size.train_rows, size.lengths.longest) == (None, 128)
    assert "there is no file" in size.source


def test_a_vocabulary_that_is_none_is_refused(make_config, tmp_path):
    (tmp_path / "spiece.model").write_text("no model")
    config = make_config(vocabulary={"model": str(tmp_path / "spiece.model")})
    with pytest.raises(UserError, match=r"vocabulary\.model must be a SentencePiece model file"):
        vocabulary_size(config)


TAGGING = {"name": "tagging", "types": ["person"]}
CHOICE = {"name": "multiple_choice", "max_qa_length": 8}
QUESTIONS = {"name": "question_answering", "stride": 4, "max_question_length": 4}


@pytest.fixture
def size_of(make_config, tmp_path):
    """Returns a function from a task and a file to what is known of the data."""

    def size(task, name, content, max_length=64):
        (tmp_path / name).write_text(content)
        ingest = {"train": str(tmp_path / name), "eval": str(tmp_path / name)}
        model = {"size": "albert-tiny", "max_length": max_length}
        return data_size(make_config(task=task, ingest=ingest, model=model))

    return size


def test_sentences_of_conll_are_rows_and_not_their_lines(size_of):
    size = size_of(TAGGING, "a.conll", "Anna B-person\nleft O\n\n" * 3 + "so O\n")
    assert (size.train_rows, size.eval_rows, size.sequences) == (4, 4, 1.0)
    assert size.lengths.longest == 2 + round(2 * 1.3)


def test_every_option_of_a_question_is_a_sequence(size_of):
    options = [["a", "b"], ["a", "b", "c " * 20, "d"]]
    rows = [
        {"passage": "x " * 10, "question": "who ?", "options": one, "answer": 0} for one in options
    ]
    size = size_of(CHOICE, "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert (size.train_rows, size.sequences) == (2, 3.0)
    assert size.lengths.longest == 3 + 13 + 8
    assert size.lengths.mean == pytest.approx((5 * (3 + 13 + 3 + 1) + 24) / 6)


def test_every_window_of_a_context_is_a_row(size_of):
    paragraphs = [
        {"context": "x " * 10, "qas": [{"id": "a", "question": "who ?", "answers": []}]},
        {"context": "x", "qas": [{"id": "b", "question": "x " * 9, "answers": []}]},
    ]
    articles = json.dumps({"data": [{"title": "t", "paragraphs": paragraphs}]})
    size = size_of(QUESTIONS, "a.json", articles, max_length=14)
    # 13 pieces beside 3 + 3 tokens: windows of 8 pieces that start at 0, 4 and 8.
    assert (size.train_rows, size.sequences) == (4, 1.0)
    assert size.lengths.mean == pytest.approx((14 + 14 + 11 + 8) / 4)


def test_without_the_data_a_question_has_the_usual_number_of_options(make_config):
    size = data_size(make_config(task=CHOICE, ingest={"train": "none.jsonl"}))
    assert size.sequences == 4.0


QUERY = {"train": {"query": "SELECT text, label FROM d.t"}, "bigquery": {"project": "paying"}}


def test_the_rows_of_a_query_are_not_asked_for(make_config):
    size = data_size(make_config(ingest=QUERY))
    assert (size.train_rows, size.lengths.longest) == (None, 128)
    assert "ingest.train is a query, whose rows are not read for a plan; give their" in size.source
    given = data_size(make_config(ingest=QUERY), rows=1000)
    assert given.train_rows == 1000
    assert "give their" not in given.source


def test_a_dev_query_is_left_uncounted(make_config, tmp_path):
    train = str(tmp_path / "train.tsv")
    config = make_config()
    config = make_config(ingest={**QUERY, "train": train, "eval": QUERY["train"]})
    size = data_size(config)
    assert (size.train_rows, size.eval_rows) == (4, None)


def test_training_rows_that_are_no_files_are_as_long_as_can_be(make_config):
    sampled = sample_rows(make_config(ingest=QUERY), [])
    assert (sampled.lengths.mean, sampled.sequences) == (128, 1.0)
