import gzip

import pytest

from components.ingest.sources import resolve_sources
from pipeline.plan.rows import count_rows, data_size, row_lengths, vocabulary_size
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
    lengths = row_lengths(config, files(config))
    assert lengths.longest == 2 + round(6 * 1.3)
    assert lengths.mean == pytest.approx((6 + 3 + 10 + 3) / 4)


def test_lengths_are_cut_as_the_model_cuts_them(make_config):
    config = make_config(model={"size": "albert-tiny", "max_length": 8})
    assert row_lengths(config, files(config)).longest == 8


def test_a_given_vocabulary_splits_the_rows_and_gives_its_size(make_config, spiece):
    config = make_config(vocabulary={"model": str(spiece)})
    assert vocabulary_size(config) == 28
    # Single letters: [CLS], "o", "n", "e" with the mark of its beginning, [SEP], and so on.
    assert row_lengths(config, files(config)).longest > 20


def test_without_the_data_rows_are_unknown_and_full(make_config):
    size = data_size(make_config(ingest={"train": "none.tsv"}))
    assert (size.train_rows, size.lengths.longest) == (None, 128)
    assert "there is no file" in size.source


def test_a_vocabulary_that_is_none_is_refused(make_config, tmp_path):
    (tmp_path / "spiece.model").write_text("no model")
    config = make_config(vocabulary={"model": str(tmp_path / "spiece.model")})
    with pytest.raises(UserError, match=r"vocabulary\.model must be a SentencePiece model file"):
        vocabulary_size(config)
