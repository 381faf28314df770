"""What is asked before a run: dry runs, the states of tables, and which spans there are."""

import datetime
import logging

import pytest

from components.ingest.bigquery import client
from components.ingest.bigquery.queries import query_states
from components.ingest.config import IngestConfig
from components.ingest.sources import find_spans, resolve_sources
from schemas.errors import UserError
from tests.components.ingest.bigquery.conftest import QUERY
from tests.components.ingest.bigquery.rest_api import Refusal
from tests.components.ingest.bigquery.tables import Column, Table, texts

ROWS = texts([("x", "0"), ("y", "1")])
BIGQUERY = {"project": "paying"}


@pytest.fixture
def look(bigquery, task):
    """Resolves a config whose training rows are those of a query."""

    def run(query=QUERY, bigquery=BIGQUERY, **more):
        config = IngestConfig(train={"query": query}, bigquery=bigquery, **more)
        return resolve_sources(config, task)

    return run


def test_a_dry_run_finds_the_columns_and_runs_nothing(bigquery, look):
    bigquery.api.add(QUERY, ROWS, "d.reviews")
    (query,) = look().queries
    assert (query.text, query.source.split, query.source.name) == (QUERY, "train", "train-query")
    assert query.source.columns == {"text": "text", "label": "label"}
    assert bigquery.api.runs(QUERY) == 0


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"columns": {"text": "body"}}, r"ingest\.train\.query: there is no column 'body' for"),
        ({"columns": {"text": 0}}, "ingest.columns.text must be a name, received 0"),
        (
            {"bigquery": {**BIGQUERY, "id_column": "key"}},
            "no column 'key' for ingest.bigquery.id_column; the columns are text, label",
        ),
    ],
)
def test_a_column_that_is_not_there_is_refused(bigquery, look, config, message):
    bigquery.api.add(QUERY, ROWS, "d.reviews")
    with pytest.raises(UserError, match=message):
        look(**config)


def test_a_query_that_changes_something_is_refused(bigquery, look):
    bigquery.api.add("DELETE FROM d.reviews WHERE true", ROWS, "d.reviews")
    with pytest.raises(UserError, match="must be one SELECT; received DELETE; write"):
        look("DELETE FROM d.reviews WHERE true")


REFUSALS = [
    (400, "invalidQuery", "Syntax error at [1:8]", r"refuses the query \(Syntax error.*correct it"),
    (401, "authError", "Invalid Credentials", "knows no account .*application-default"),
    (403, "accessDenied", "Access Denied: Project p", "grant it roles/bigquery.jobUser"),
    (403, "quotaExceeded", "Quota exceeded: bytes", "a quota of BigQuery in the project paying is"),
    (404, "notFound", "Not found: Dataset p:d", "no such table, dataset or project.*correct the"),
]


@pytest.mark.parametrize(("status", "reason", "message", "told"), REFUSALS)
def test_what_bigquery_refuses_is_told_in_words(bigquery, look, status, reason, message, told):
    bigquery.api.refusals["POST jobs"] = Refusal(status, reason, message)
    with pytest.raises(UserError, match=rf"ingest\.train\.query: .*{told}") as refused:
        look()
    assert message in str(refused.value)


def test_a_table_that_is_not_there_is_named(bigquery, look):
    bigquery.api.add(QUERY, ROWS, "d.reviews")
    del bigquery.api.tables["d.reviews"]
    with pytest.raises(UserError, match=r"Table paying:d\.reviews was not found in location EU"):
        look()


def test_without_credentials_the_way_to_them_is_told(bigquery, look, monkeypatch, tmp_path):
    (tmp_path / "key.json").write_text("{}")
    with pytest.raises(UserError, match="gcloud auth application-default login"):
        look()


def test_the_fingerprint_follows_tables_text_and_id_column(bigquery, look):
    bigquery.api.add(QUERY, ROWS, "d.reviews")
    bigquery.api.add(f"{QUERY} WHERE true", ROWS, "d.reviews")
    bigquery.api.add("SELECT text, label FROM d.other", ROWS, "d.other")
    first = look().fingerprint
    assert look().fingerprint == first
    bigquery.api.tables["d.other"].modified += 1
    assert look().fingerprint == first
    assert look(f"{QUERY} WHERE true").fingerprint != first
    assert look(bigquery={**BIGQUERY, "id_column": "text"}).fingerprint != first
    bigquery.api.tables["d.reviews"].modified += 1
    assert look().fingerprint != first


def change(tables, **fields):
    tables["d.reviews"] = Table((), [], **fields)


@pytest.mark.parametrize(
    ("prepare", "query", "reason"),
    [
        (lambda api: change(api.tables, kind="VIEW"), QUERY, "is no plain table but VIEW"),
        (lambda api: change(api.tables, kind="EXTERNAL"), QUERY, "no plain table but EXTERNAL"),
        (lambda _: None, "SELECT text, label FROM d.view", "reviews is read through something els"),
        (lambda _: None, "SELECT text, label FROM d.reviews_clean", "reviews is read through some"),
        (lambda _: None, "SELECT text, label FROM clean.reviews", "reviews is read through some"),
        (lambda _: None, "SELECT text, label FROM other.d.reviews", "reviews is read through some"),
        (lambda api: change(api.tables, streams=True), QUERY, "rows are streamed into"),
        (lambda api: None, f"{QUERY} WHERE day = CURRENT_DATE()", "it holds CURRENT_"),
        (lambda api: None, f"{QUERY} ORDER BY rand ()", "it holds RAND"),
        (lambda api: None, f"{QUERY} TABLESAMPLE SYSTEM (9 PERCENT)", "it holds TABLESAMPLE"),
        (
            lambda api: api.refusals.update(
                {"GET datasets/d/tables/reviews": Refusal(403, "accessDenied", "no")}
            ),
            QUERY,
            "the account may not look at paying.d.reviews",
        ),
    ],
)
def test_where_nobody_can_tell_every_run_asks_anew(bigquery, look, caplog, prepare, query, reason):
    bigquery.api.add(query, ROWS, "d.reviews")
    prepare(bigquery.api)
    with caplog.at_level(logging.WARNING):
        assert look(query).fingerprint != look(query).fingerprint
    assert reason in caplog.text
    assert "set ingest.bigquery.fixed: true" in caplog.text
    fixed = {**BIGQUERY, "fixed": True}
    assert look(query, bigquery=fixed).fingerprint == look(query, bigquery=fixed).fingerprint


@pytest.mark.parametrize(
    "name", ["d.reviews", "paying.d.reviews", "`paying.d.reviews`", "`paying`.`d`.`reviews`"]
)
def test_a_table_may_be_named_in_every_way_there_is(bigquery, look, name):
    query = f"SELECT text, label FROM {name}"
    bigquery.api.add(query, ROWS, "d.reviews")
    assert look(query).fingerprint == look(query).fingerprint


DAILY = "SELECT text, label FROM d.reviews WHERE day = '{YYYY}-{MM}-{DD}'"
NUMBERED = "SELECT text, label FROM d.reviews_{SPAN}"
LISTING = "SELECT day FROM d.days"


def add_days(api, *days):
    for day in days:
        api.add(f"SELECT text, label FROM d.reviews WHERE day = '2026-11-{day}'", ROWS, "d.reviews")


def test_a_given_span_is_put_into_the_query_and_those_before_it_too(bigquery, look):
    add_days(bigquery.api, 22, 23, 24)
    sources = look(DAILY, span="2026-11-24", window=3)
    assert (sources.span, sources.spans) == (20781, (20779, 20780, 20781))
    assert [query.source.name for query in sources.queries] == [
        f"train-query/2026-11-{day}" for day in (22, 23, 24)
    ]
    assert all("{" not in query.text for query in sources.queries)


def test_a_numbered_span_is_put_in_without_zeros(bigquery, look):
    bigquery.api.add("SELECT text, label FROM d.reviews_7", ROWS, "d.reviews_7")
    (query,) = look(NUMBERED, span=7).queries
    assert query.source.name == "train-query/7"


def test_a_query_does_not_say_which_span_is_the_latest(look):
    with pytest.raises(UserError, match=r"set ingest\.span, ingest\.span_marker.*bigquery\.spans"):
        look(DAILY)
    with pytest.raises(UserError, match="does not say which spans are missing"):
        look(DAILY, span="2026-11-24", window=3, gaps="skip")


def test_a_query_of_its_own_lists_the_spans(bigquery, look):
    add_days(bigquery.api, 20, 22)
    days = [{"day": datetime.date(2026, 11, day)} for day in (22, 20)]
    bigquery.api.add(LISTING, Table([Column("day", "DATE")], days), "d.days")
    listed = {**BIGQUERY, "spans": LISTING}
    assert look(DAILY, bigquery=listed).span == 20779
    assert look(DAILY, bigquery=listed, window=2, gaps="skip").spans == (20777, 20779)
    with pytest.raises(UserError, match=r"window 2 takes .*\(2026-11-21\) must be there.*spans:"):
        look(DAILY, bigquery=listed, window=2)
    with pytest.raises(UserError, match=r"span 20781 \(2026-11-24\) is not there"):
        look(DAILY, bigquery=listed, span="2026-11-24")


def test_marker_files_say_which_spans_are_complete(bigquery, look, write, tmp_path):
    bigquery.api.add("SELECT text, label FROM d.reviews_2", ROWS, "d.reviews_2")
    write("done-2", "x")
    assert look(NUMBERED, span_marker=str(tmp_path / "done-{SPAN}")).span == 2


def test_files_in_spans_say_so_for_a_query_beside_them(bigquery, task, write, tmp_path):
    bigquery.api.add("SELECT text, label FROM d.reviews_3", ROWS, "d.reviews_3")
    write("3/dev.tsv", "text\tlabel\nx\t0\n")
    config = IngestConfig(
        train={"query": NUMBERED}, eval=str(tmp_path / "{SPAN}/dev.tsv"), bigquery=BIGQUERY
    )
    sources = resolve_sources(config, task)
    assert (sources.span, sources.files[0].name, len(sources.queries)) == (3, "dev.tsv", 1)


@pytest.mark.parametrize(
    "table",
    [
        Table([Column("day")], [{"day": "2026-11-24"}]),
        Table([Column("n", "INTEGER")], [{"n": 0}]),
        Table([Column("n", "INTEGER"), Column("m", "INTEGER")], [{"n": 1, "m": 2}]),
    ],
)
def test_a_list_of_something_else_is_refused(bigquery, look, table):
    bigquery.api.add(LISTING, table, "d.days")
    with pytest.raises(UserError, match="must give one column of whole numbers above 0"):
        look(NUMBERED, bigquery={**BIGQUERY, "spans": LISTING})


def test_a_list_that_does_not_come_in_time_is_given_up(bigquery, look, monkeypatch):
    monkeypatch.setattr(client, "_PATIENCE_SECONDS", 0.2)
    bigquery.api.add(LISTING, Table([Column("n", "INTEGER")], [{"n": 5}]), "d.days")
    bigquery.api.endless.add(LISTING)
    with pytest.raises(UserError, match=r"ingest\.bigquery\.spans: must give its rows within 0 s"):
        look(NUMBERED, bigquery={**BIGQUERY, "spans": LISTING})


def test_days_and_numbers_do_not_mix(bigquery, look):
    bigquery.api.add(LISTING, Table([Column("n", "INTEGER")], [{"n": 5}]), "d.days")
    with pytest.raises(UserError, match=r"numbers from ingest\.bigquery\.spans"):
        look(DAILY, bigquery={**BIGQUERY, "spans": LISTING})


def test_the_states_of_tables_are_seen_without_a_run(bigquery):
    bigquery.api.add(QUERY, ROWS, "d.reviews")
    config = IngestConfig(train={"query": QUERY}, bigquery=BIGQUERY)
    spans = find_spans(config)
    before = query_states(spans, config)
    assert before == query_states(spans, config) != []
    bigquery.api.tables["d.reviews"].modified += 1
    assert query_states(spans, config) != before
    assert bigquery.api.runs(QUERY) == 0
