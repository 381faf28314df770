"""One look of the watcher; the runs are stood in for."""

import pytest

from pipeline.lock import sole_run
from pipeline.watch.outcome import MAX_ATTEMPTS
from pipeline.watch.rounds import RoundFolder
from schemas.errors import UserError
from tests.pipeline.watch.conftest import add_span


def test_a_new_span_starts_a_run_of_its_own(make_watcher, runs, tmp_path):
    for number in (1, 2):
        add_span(tmp_path, number)
    item = make_watcher().look()
    assert (item.status, item.span, item.spans, item.live_version) == ("published", 2, (2,), 1)
    assert (item.run_id, item.seconds, item.steps, item.split) == ("run-1", 1.0, 10, "test")
    assert item.metrics == {"candidate": {"accuracy": 0.71}, "champion": {"accuracy": 0.7}}
    assert runs.configs[0].ingest.span == 2


def test_nothing_new_starts_nothing_and_says_so(make_watcher, runs, tmp_path, console):
    add_span(tmp_path, 1)
    watcher = make_watcher()
    watcher.look()
    assert watcher.look() is None
    assert len(runs.configs) == 1
    assert "nothing new: span 1 was published in round 1" in console.export_text()


def test_the_next_span_starts_from_the_live_weights_and_is_shorter(
    make_watcher, make_config, runs, tmp_path
):
    watcher = make_watcher(make_config({"steps": 7, "learning_rate": 1e-5}))
    add_span(tmp_path, 1)
    watcher.look()
    add_span(tmp_path, 2)
    item = watcher.look()
    first, second = runs.configs
    assert (first.model.weights, first.train.epochs, first.train.steps) == (None, 3.0, None)
    assert item.start == "from the weights of version 1"
    assert second.model.weights == str(tmp_path / "out" / "pipeline" / "1" / "preset")
    assert second.vocabulary_source.model.endswith("1/preset/assets/tokenizer/vocabulary.spm")
    assert (second.train.epochs, second.train.steps) == (None, 7)
    assert second.train.learning_rate == 1e-5


def test_a_refused_span_leaves_the_champion_and_the_next_starts_from_it(
    make_watcher, runs, tmp_path, console
):
    runs.ends = ["published", "refused", "published"]
    watcher = make_watcher()
    for number in (1, 2, 3):
        add_span(tmp_path, number)
        watcher.look()
    refused, last = RoundFolder(tmp_path / "out").read()[1:]
    assert (refused.status, refused.live_version) == ("refused", 1)
    assert refused.reasons == ("evaluation: accuracy is worse",)
    assert "round 2: refused by the gate; version 1 is live" in console.export_text()
    assert (last.start, last.live_version) == ("from the weights of version 1", 2)


def test_a_watcher_that_was_killed_goes_on_with_the_same_run(make_watcher, runs, tmp_path):
    add_span(tmp_path, 1)
    make_watcher().look()
    add_span(tmp_path, 2)

    def killed(path):
        raise KeyboardInterrupt

    watcher = make_watcher()
    watcher.launch = killed
    with pytest.raises(KeyboardInterrupt):
        watcher.look()
    add_span(tmp_path, 3)  # newer data must not change what was begun
    item = make_watcher().look()
    assert (item.number, item.span, item.status) == (2, 2, "published")
    assert runs.configs[-1].ingest.span == 2
    assert make_watcher().look().span == 3


def test_a_failed_run_is_tried_again_and_given_up(make_watcher, runs, tmp_path):
    add_span(tmp_path, 1)
    runs.ends = ["killed", *["failed"] * (MAX_ATTEMPTS - 1)]
    watcher = make_watcher()
    ended = [watcher.look() for _ in range(MAX_ATTEMPTS)]
    assert [item.status for item in ended] == [*["running"] * (MAX_ATTEMPTS - 1), "failed"]
    assert [item.error for item in ended[:2]] == [
        "the run ended with exit code -9",
        "the disk was full",
    ]
    assert watcher.look() is None


def test_refused_data_is_not_tried_again(make_watcher, runs, tmp_path):
    add_span(tmp_path, 1)
    runs.ends, runs.exit_codes["failed"] = ["failed"], 2
    assert make_watcher().look().status == "failed"


def test_a_run_by_hand_is_not_disturbed(make_watcher, runs, tmp_path):
    add_span(tmp_path, 1)
    watcher = make_watcher()
    with sole_run(tmp_path / "out"), pytest.raises(UserError, match="another run"):
        watcher.look()
    assert runs.configs == []
    assert watcher.look().status == "published"


def test_drift_starts_a_run_from_scratch_once(make_watcher, runs, tmp_path, console):
    watcher = make_watcher(checks={"drift": lambda: "drift of text.words"})
    for number in (1, 2):
        add_span(tmp_path, number)
        watcher.look()
    item = watcher.look()
    assert (item.trigger, item.reason, item.start) == (
        "drift",
        "drift of text.words",
        "from scratch",
    )
    assert (runs.configs[-1].model.weights, runs.configs[-1].train.epochs) == (None, 3.0)
    assert watcher.look() is None
    assert "round 3 had all of this data, wait for newer" in console.export_text()


def test_checks_wait_for_a_live_model_and_for_their_time(make_watcher, runs, tmp_path):
    def called():
        raise AssertionError

    add_span(tmp_path, 1)
    runs.ends = ["refused", "published"]
    watcher = make_watcher(checks={"drift": called})
    watcher.look()
    assert watcher.look() is None
    add_span(tmp_path, 2)
    watcher.look()
    assert watcher.look(with_checks=False) is None


def test_the_page_shows_every_round_newest_first(make_watcher, tmp_path):
    for number in (1, 2):
        add_span(tmp_path, number)
        make_watcher().look()
    page = (tmp_path / "out" / "watch" / "index.html").read_text("utf-8")
    assert "2 rounds: 2 published; version 2 is live" in page
    assert page.index("span 2 is complete") < page.index("span 1 is complete")
    assert (tmp_path / "out" / "watch" / "plotly.min.js").is_file()


def test_a_mended_span_is_trained_on_again(make_watcher, make_config, runs, tmp_path):
    runs.ends = ["published", "refused", "published"]
    watcher = make_watcher()
    for number in (1, 2):
        add_span(tmp_path, number)
        watcher.look()
    assert make_watcher(make_config({"poll_seconds": 5.0})).look() is None
    mended = tmp_path / "day-2" / "train.tsv"
    mended.write_text(mended.read_text("utf-8") + "fine\t1\n", "utf-8")
    assert watcher.look().status == "published"
    assert watcher.look() is None
