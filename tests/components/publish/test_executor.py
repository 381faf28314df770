"""A blessed model is published once, whole and traceable; anything else leaves what is served."""

import json
import shutil
from pathlib import Path

import pytest

from components.publish import executor
from schemas import features as keys
from schemas.errors import UserError
from schemas.model_info import read_model_info
from serving.control.changes import promote, rollback
from serving.control.history import read_history
from serving.fingerprint import model_fingerprint
from serving.predict import predict
from serving.saved_model import InvalidRequestError
from serving.versions import list_versions, live_version
from serving.warmup import read_warmup
from tests.serving.tiny_examples import write_examples


def test_a_blessed_model_becomes_version_one_and_answers(publisher):
    publication = publisher.run()
    assert publication.status == "published"
    assert (publication.version, publication.live_version) == (1, 1)
    assert publication.summary == "version 1 is live"
    assert publication.path == str(publisher.model_base / "1")
    (answer,) = predict(publisher.model_base, ["good"])
    assert answer[keys.PREDICTED_LABEL] == "positive"


def test_the_pushed_model_has_the_properties_of_tfx(publisher):
    publisher.run()
    assert publisher.pushed.get_int_custom_property("pushed") == 1
    assert publisher.pushed.get_string_custom_property("pushed_version") == "1"
    destination = publisher.pushed.get_string_custom_property("pushed_destination")
    assert destination == str(publisher.model_base / "1")


def test_a_version_tells_where_it_comes_from(publisher, models):
    publisher.run()
    info = read_model_info(publisher.model_base / "1")
    assert (info.version, info.run_id, info.metrics) == (1, "run-1", {"accuracy": 0.75})
    assert info.fingerprint == model_fingerprint(models / "first" / "Format-Serving")
    assert info.published_at.endswith("+00:00")
    assert read_model_info(models / "first" / "Format-Serving").version is None


def test_warm_up_requests_are_real_rows_through_both_signatures(publisher):
    publisher.run(warmups=4)
    requests = read_warmup(publisher.model_base / "1")
    kinds = [(request.signature, len(next(iter(request.inputs.values())))) for request in requests]
    assert kinds == [
        (keys.SERVING_DEFAULT, 1),
        (keys.EXAMPLES_SIGNATURE, 1),
        (keys.SERVING_DEFAULT, 8),
        (keys.EXAMPLES_SIGNATURE, 8),
    ]
    assert requests[0].inputs == {keys.TEXT: [b"a good day 0"]}


def test_warm_up_requests_can_be_left_out(publisher):
    publisher.run(warmups=0)
    assert read_warmup(publisher.model_base / "1") == []


def test_a_model_that_is_live_is_not_copied_again(publisher):
    publisher.run()
    publication = publisher.run()
    assert (publication.status, publication.version) == ("up_to_date", 1)
    assert publisher.pushed.get_int_custom_property("pushed") == 1
    assert publisher.versions() == ["1"]


def test_a_deleted_model_base_is_mended(publisher):
    publisher.run()
    shutil.rmtree(publisher.model_base)
    assert publisher.run().status == "published"


def test_a_damaged_live_version_is_replaced(publisher):
    publisher.run()
    (publisher.model_base / "1" / "variables" / "variables.index").unlink()
    assert publisher.run().version == 2


def test_a_model_that_was_live_before_becomes_a_new_version(publisher):
    for model in ("first", "second", "first"):
        publication = publisher.run(model)
    assert (publication.status, publication.version) == ("published", 3)


@pytest.mark.parametrize(
    ("blessed", "servable", "reasons"),
    [
        (False, True, ["evaluation: overall: accuracy is 0.7"]),
        (True, False, ["serving check: answers hostile texts: empty: no numbers"]),
        (
            False,
            False,
            [
                "evaluation: overall: accuracy is 0.7",
                "serving check: answers hostile texts: empty: no numbers",
            ],
        ),
    ],
)
def test_a_refused_model_is_not_published_and_the_reasons_are_told(
    publisher, blessed, servable, reasons
):
    publisher.run()
    publication = publisher.run("second", blessed=blessed, servable=servable)
    assert publication.status == "refused"
    assert list(publication.reasons) == reasons
    assert (publication.version, publication.live_version) == (None, 1)
    assert publication.summary == "refused; version 1 stays live"
    assert publisher.pushed.get_int_custom_property("pushed") == 0
    assert publisher.versions() == ["1"]


def test_a_refusal_with_nothing_live_says_so(publisher):
    assert publisher.run(blessed=False).summary == "refused; nothing is live"
    assert not publisher.model_base.exists()


def test_a_model_base_that_cannot_be_written_is_the_users_to_mend(publisher):
    publisher.model_base.write_text("a file")
    with pytest.raises(UserError, match=r"publish\.model_base: .* cannot be written"):
        publisher.run()


def test_a_disk_that_fills_up_leaves_what_is_served(publisher, monkeypatch):
    publisher.run()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(executor, "add_warmup", full)
    with pytest.raises(UserError, match=r"No space left on device\); what is served stays"):
        publisher.run("second")
    assert publisher.versions() == ["1"]


def test_a_warm_up_that_fails_leaves_what_is_served(publisher, tmp_path):
    publisher.run()
    publisher.examples = write_examples(tmp_path / "broken", [{"note": "no text feature"}])
    with pytest.raises(InvalidRequestError, match="warm-up request 2 fails"):
        publisher.run("second")
    assert publisher.versions() == ["1"]


def test_the_record_is_plain_json(publisher):
    publisher.run()
    record = json.loads(Path(publisher.pushed.uri, keys.PUBLICATION_FILE).read_text())
    assert record["status"] == "published"
    assert record["model_base"] == str(publisher.model_base)


def test_what_was_promoted_stays_live_until_a_run_publishes_anew(publisher):
    publisher.run("first")
    publisher.run("second")
    rollback(publisher.model_base, 1)
    again = publisher.run("second")
    assert (again.status, again.version, again.live_version) == ("up_to_date", 2, 1)
    assert again.summary == "version 2 is this model and was rolled back; version 1 stays live"
    third = publisher.run("third")
    assert (third.version, third.live_version) == (3, 3)
    assert read_history(publisher.model_base)[-1].reason == "run run-4"


def test_a_published_version_may_wait_for_promote(publisher):
    assert publisher.run("first", promote="manual").summary == "version 1 is live"
    waiting = publisher.run("second", promote="manual")
    assert (waiting.status, waiting.version, waiting.live_version) == ("published", 2, 1)
    assert waiting.summary == "version 2 waits for `albert-tfx promote`; version 1 stays live"
    promote(publisher.model_base, 2)
    assert live_version(publisher.model_base) == 2


def test_old_versions_are_removed(publisher):
    for model in ("first", "second", "third"):
        publisher.run(model, keep=2)
    assert list(list_versions(publisher.model_base)) == [2, 3]


def test_an_old_version_that_cannot_be_removed_does_not_undo_a_publication(publisher, monkeypatch):
    def fails(model_base, keep):
        raise OSError("busy")

    monkeypatch.setattr(executor, "prune", fails)
    assert publisher.run().summary == "version 1 is live"
