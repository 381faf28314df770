"""The list of published models tells what is live, from where, and what is wrong with a version."""

import pytest

from schemas.model_info import ModelInfo, model_info_path, write_model_info
from serving.inventory import list_models

INFO = ModelInfo(name="albert", task="classification", labels=("a", "b"), run_id="run-1")


def add_version(model_base, version, info=INFO, graph=True):
    folder = model_base / str(version)
    folder.mkdir(parents=True)
    if graph:
        (folder / "saved_model.pb").write_bytes(b"graph")
    if info is not None:
        write_model_info(folder, info)
    return folder


def test_versions_come_with_their_record_and_the_highest_is_live(tmp_path):
    for version in (10, 9):
        add_version(tmp_path, version)
    models = list_models(tmp_path)
    assert [(model.version, model.live) for model in models] == [(9, False), (10, True)]
    assert models[1].info == INFO
    assert models[1].path == tmp_path / "10"
    assert not models[1].problem


def test_nothing_published_is_an_empty_list(tmp_path):
    assert list_models(tmp_path / "never") == []


@pytest.mark.parametrize(
    ("info", "graph", "problem"),
    [(None, True, "another tool published it"), (INFO, False, "holds no saved_model.pb")],
)
def test_a_version_that_is_not_ours_or_not_whole_says_so(tmp_path, info, graph, problem):
    add_version(tmp_path, 1, info=info, graph=graph)
    (model,) = list_models(tmp_path)
    assert problem in model.problem


def test_a_record_that_cannot_be_read_does_not_hide_the_others(tmp_path):
    add_version(tmp_path, 1)
    model_info_path(add_version(tmp_path, 2)).write_text("{}", "utf-8")
    first, second = list_models(tmp_path)
    assert not first.problem
    assert "its record cannot be read" in second.problem
