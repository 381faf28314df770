"""Looking again and again: one watcher, and an end between runs."""

import threading

import pytest

from pipeline.lock import sole_watch
from pipeline.watch.loop import watch
from schemas.errors import UserError
from tests.pipeline.watch.conftest import add_span


@pytest.fixture
def look(make_watcher):
    """Watches until the stand-in of the runs, or the test, sets the stop."""

    def call(watcher=None, *, once=False, stop=None):
        return watch(
            watcher or make_watcher(),
            once=once,
            poll_seconds=0.01,
            check_seconds=0.01,
            stop=stop or threading.Event(),
        )

    return call


def test_once_runs_what_is_due_and_ends(look, tmp_path, runs):
    add_span(tmp_path, 1)
    assert look(once=True).status == "published"
    assert look(once=True) is None
    assert len(runs.configs) == 1


def test_a_stop_ends_it_after_the_run_that_goes_on(look, make_watcher, runs, tmp_path):
    stop = threading.Event()
    watcher = make_watcher()

    def launch(path):
        stop.set()
        add_span(tmp_path, 2)  # due, but not started any more
        return runs(path)

    watcher.launch = launch
    add_span(tmp_path, 1)
    assert look(watcher, stop=stop).status == "published"
    assert len(runs.configs) == 1


def test_it_waits_for_the_first_span(look, make_watcher, runs, tmp_path, console):
    stop = threading.Event()
    watcher = make_watcher()
    said = watcher.say

    def say(text, style=""):
        said(text, style)
        if "no span is there" in text and not (tmp_path / "day-1").exists():
            add_span(tmp_path, 1)

    def launch(path):
        stop.set()
        return runs(path)

    watcher.say, watcher.launch = say, launch
    assert look(watcher, stop=stop).span == 1
    assert "no span is there for every split" in console.export_text()


def test_once_without_a_span_is_an_error(look):
    with pytest.raises(UserError, match="no span is there for every split"):
        look(once=True)


def test_a_second_watcher_is_refused(look, make_watcher, tmp_path):
    watcher = make_watcher()
    with (
        sole_watch(tmp_path / "out"),
        pytest.raises(UserError, match=r"another watcher \(process \d+\).*stop it first"),
    ):
        look(watcher, once=True)


def test_data_without_spans_is_refused(look, make_watcher, make_config, tmp_path):
    config = make_config(train=str(tmp_path / "train.tsv"))
    with pytest.raises(UserError, match=r"ingest.train must hold \{SPAN\}"):
        look(make_watcher(config))


def test_a_gate_on_the_newest_span_alone_is_warned_of(
    look, make_watcher, make_config, tmp_path, console
):
    add_span(tmp_path, 1)
    look(make_watcher(make_config(test=None)), once=True)
    assert "give ingest.test a file outside of the spans" in console.export_text()


def test_a_query_that_lists_no_spans_is_refused(look, make_watcher, make_config):
    query = {"query": "SELECT text, label FROM d.t WHERE day = {SPAN}"}
    config = make_config(train=query, bigquery={"project": "paying"}, span_marker="done-{SPAN}")
    # Without a section watch, a config without the marker is one.
    ingest = config.ingest.model_copy(update={"span_marker": None})
    config = config.model_copy(update={"ingest": ingest})
    with pytest.raises(
        UserError, match=r"set ingest\.bigquery\.spans, a query that lists them, or"
    ):
        look(make_watcher(config))
