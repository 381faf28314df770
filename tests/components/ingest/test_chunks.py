import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.ingest.chunks import plan_chunks
from components.ingest.config import IngestConfig
from components.ingest.formats import create_format
from components.ingest.sources import resolve_sources
from models.tasks import create_task


def plan(resolve, path, chunk_bytes):
    return plan_chunks(resolve(train=path).files, chunk_bytes)


def test_a_small_file_is_one_chunk(write, resolve):
    (chunk,) = plan(resolve, write("a.tsv", "text\tlabel\na\t1\n"), 1000)
    assert (chunk.start, chunk.end, chunk.first_line, chunk.done_bytes) == (0, None, 1, 15)


@pytest.mark.parametrize("name", ["a.tsv.gz", "a.csv"])
def test_a_file_that_can_only_be_read_from_the_start_is_one_chunk(write, resolve, name):
    separator = "," if "csv" in name else "\t"
    content = f"text{separator}label\n" + f"a{separator}1\n" * 1000
    assert len(plan(resolve, write(name, content), 10)) == 1


def test_chunks_are_numbered_over_all_files_and_add_up(write, resolve, tmp_path):
    for name in ("a.tsv", "b.tsv"):
        write(name, "text\tlabel\n" + "a\t1\n" * 100)
    chunks = plan(resolve, str(tmp_path / "*.tsv"), 100)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert chunks[-1].done_bytes == 2 * 411


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text("ab ", max_size=30), min_size=2, max_size=40),
    chunk_bytes=st.integers(1, 100),
    end=st.sampled_from(["\n", "\r\n", ""]),
)
def test_the_rows_of_all_chunks_are_the_rows_of_the_file(write, resolve, texts, chunk_bytes, end):
    content = "text\tlabel\n" + "\n".join(f"x{text}\t1" for text in texts) + end
    sources = resolve(train=write("a.tsv", content))
    tsv = create_format("tsv")
    (whole,) = plan_chunks(sources.files, 10**9)
    parts = plan_chunks(sources.files, chunk_bytes)
    assert [row for part in parts for row in tsv.read(part)] == list(tsv.read(whole))


@pytest.mark.parametrize("name", ["a.tsv", "a.jsonl"])
def test_a_byte_order_mark_is_no_part_of_the_rows(write, resolve, name):
    rows = (
        ["text\tlabel", *["a\t1"] * 30] if "tsv" in name else ['{"text": "a", "label": "1"}'] * 30
    )
    chunks = plan(resolve, write(name, "\ufeff" + "\n".join(rows) + "\n"), 100)
    read = [row for chunk in chunks for row in create_format(chunk.file.format).read(chunk)]
    assert len(chunks) > 1
    assert len(read) == len({row.line for row in read}) == 30


TAGGING = {"name": "tagging", "types": ["a"]}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(st.sampled_from(["a O", "b\tB-a", "", " \t", "-DOCSTART- O", "c"]), min_size=2),
    chunk_bytes=st.integers(1, 100),
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.sampled_from(["\n", ""]),
)
def test_parts_of_conll_end_with_a_sentence(write, words, chunk_bytes, end, last):
    path = write("a.conll", end.join(["x O", *words]) + last)
    sources = resolve_sources(IngestConfig(train=path), create_task(TAGGING))
    conll = create_format("conll")
    (whole,) = plan_chunks(sources.files, 10**9)
    parts = plan_chunks(sources.files, chunk_bytes)
    assert [row for part in parts for row in conll.read(part)] == list(conll.read(whole))
    assert parts[-1].done_bytes == whole.done_bytes


def test_a_large_conll_file_is_many_chunks(write):
    path = write("a.conll", "x O\ny O\n\n" * 100)
    sources = resolve_sources(IngestConfig(train=path), create_task(TAGGING))
    assert len(plan_chunks(sources.files, 90)) == 10
