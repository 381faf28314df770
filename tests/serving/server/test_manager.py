"""Versions come, go, fail and come back as TensorFlow Serving has it; no TensorFlow needed."""

import shutil
import threading

import pytest

from serving.server.config import ModelTarget, VersionPolicy
from serving.server.errors import Code, StatusError
from serving.server.manager import ManagerOptions, ModelManager
from serving.server.serving_map import ServableRequest
from serving.server.state import State
from tests.serving.server.running import wait_until

LATEST = ServableRequest("m")


class FakeServable:
    def __init__(self, version):
        self.version = version
        self.is_closed = False

    def close(self):
        self.is_closed = True


class FakeLoader:
    """Loads a folder, unless it holds a file `broken`."""

    def __init__(self):
        self.loads = []
        self.servables = {}

    def __call__(self, name, version, path):
        self.loads.append(version)
        if (path / "broken").exists() or not path.is_dir():
            raise StatusError(Code.DATA_LOSS, "it is broken")
        self.servables[version] = FakeServable(version)
        return self.servables[version]


@pytest.fixture
def base(tmp_path):
    return tmp_path / "m"


@pytest.fixture
def loader():
    return FakeLoader()


@pytest.fixture
def manager(loader):
    options = ManagerOptions(poll_seconds=0.02, max_num_retries=1, retry_seconds=0.02)
    made = ModelManager(loader, options)
    made.start()
    yield made
    made.stop()


def add(base, version, *, broken=False):
    staged = base.parent / f"staged-{version}"
    staged.mkdir(parents=True)
    if broken:
        (staged / "broken").touch()
    base.mkdir(exist_ok=True)
    staged.rename(base / str(version))


def serve(manager, base, policy=VersionPolicy(), **options):  # noqa: B008 - frozen
    generation = manager.set_targets({"m": ModelTarget("m", base, policy)})
    manager.await_models(generation, want_all=True, **options)


def live(manager):
    with manager.serving.hold(LATEST) as servable:
        return servable.version


def state(manager, version):
    return manager.states.get("m", version).state


@pytest.mark.parametrize(
    ("policy", "served"),
    [
        (VersionPolicy(), {3}),
        (VersionPolicy("latest", num_latest=2), {2, 3}),
        (VersionPolicy("all"), {1, 2, 3}),
        (VersionPolicy("specific", versions=frozenset({1, 9})), {1}),
    ],
)
def test_the_policy_chooses_the_versions(manager, base, policy, served):
    for version in (1, 2, 3):
        add(base, version)
    (base / "not-a-version").mkdir()
    serve(manager, base, policy)
    assert manager.serving.versions("m") == served
    assert live(manager) == max(served)


def test_a_new_version_is_there_before_the_old_one_goes(manager, loader, base):
    add(base, 1)
    serve(manager, base)
    seen = set()
    add(base, 2)
    while state(manager, 1) is not State.END:
        seen.add(live(manager))
    assert live(manager) == 2
    assert seen <= {1, 2}
    assert loader.servables[1].is_closed


def test_a_request_keeps_its_version_until_it_is_answered(manager, loader, base):
    add(base, 1)
    serve(manager, base)
    with manager.serving.hold(LATEST):
        add(base, 2)
        assert wait_until(lambda: state(manager, 1) is State.UNLOADING)
        assert live(manager) == 2
        assert not loader.servables[1].is_closed
    assert wait_until(lambda: loader.servables[1].is_closed)
    assert wait_until(lambda: state(manager, 1) is State.END)


def test_a_broken_version_replaces_nothing_and_is_given_up_after_its_retries(manager, loader, base):
    add(base, 1)
    serve(manager, base)
    add(base, 2, broken=True)
    assert wait_until(lambda: state(manager, 2) is State.END)
    status = manager.states.get("m", 2)
    assert (status.code, status.message) == (Code.DATA_LOSS, "it is broken")
    assert loader.loads.count(2) == 2
    assert live(manager) == 1
    assert state(manager, 1) is State.AVAILABLE


def test_a_version_that_is_mended_while_it_is_retried_is_served(loader, base):
    manager = ModelManager(loader, ManagerOptions(0.02, max_num_retries=100, retry_seconds=0.02))
    manager.start()
    add(base, 1, broken=True)
    manager.set_targets({"m": ModelTarget("m", base)})
    assert wait_until(lambda: loader.loads.count(1) > 1)
    (base / "1" / "broken").unlink()
    assert wait_until(lambda: state(manager, 1) is State.AVAILABLE)
    manager.stop()
    assert loader.servables[1].is_closed


def test_a_version_that_was_given_up_comes_back_only_as_a_new_folder(manager, loader, base):
    add(base, 1)
    add(base, 2, broken=True)
    serve(manager, base, VersionPolicy("all"))
    (base / "2" / "broken").unlink()
    loads = loader.loads.count(2)
    assert not wait_until(lambda: loader.loads.count(2) > loads, seconds=0.2)
    (base / "2").rename(base / "away")
    assert wait_until(lambda: ("m", 2) not in manager._harnesses)
    (base / "away").rename(base / "2")
    assert wait_until(lambda: live(manager) == 2)


def test_a_broken_version_does_not_hold_up_another(loader, base):
    manager = ModelManager(loader, ManagerOptions(0.02, max_num_retries=5, retry_seconds=60))
    manager.start()
    add(base, 2, broken=True)
    manager.set_targets({"m": ModelTarget("m", base)})
    assert wait_until(lambda: 2 in loader.loads)
    add(base, 3)
    assert wait_until(lambda: state(manager, 3) is State.AVAILABLE, seconds=5)
    manager.stop()


def test_a_lower_version_changes_nothing(manager, loader, base):
    add(base, 5)
    serve(manager, base)
    add(base, 4)
    assert not wait_until(lambda: 4 in loader.loads, seconds=0.2)


def test_when_the_newest_is_removed_the_one_before_is_served(manager, base):
    add(base, 1)
    add(base, 2)
    serve(manager, base)
    shutil.rmtree(base / "2")
    assert wait_until(lambda: live(manager) == 1)


def test_when_every_version_is_removed_the_model_is_gone(manager, base):
    add(base, 1)
    serve(manager, base)
    (base / "1").rename(base / "away")
    assert wait_until(lambda: not manager.serving.versions("m"))
    with pytest.raises(StatusError, match=r"Servable not found for request: Latest\(m\)") as caught:
        live(manager)
    assert caught.value.code is Code.NOT_FOUND


def test_when_a_base_path_is_removed_nothing_changes_for_any_model(manager, loader, base, tmp_path):
    add(base, 1)
    other = tmp_path / "other" / "base"
    other.parent.mkdir()
    add(other, 1)
    targets = {"m": ModelTarget("m", base), "other": ModelTarget("other", other)}
    manager.await_models(manager.set_targets(targets), want_all=True)
    other.rename(tmp_path / "away")
    add(base, 2)
    assert not wait_until(lambda: 2 in loader.loads, seconds=0.2)
    assert manager.serving.versions("other") == {1}
    (tmp_path / "away").rename(other)
    assert wait_until(lambda: live(manager) == 2)


def test_a_model_that_cannot_be_loaded_ends_the_wait(manager, base):
    add(base, 1, broken=True)
    with pytest.raises(StatusError, match=r"did not become available: \{\{name: m version: 1\}\}"):
        serve(manager, base)


def test_a_wait_for_a_base_path_that_is_not_there_can_be_given_up(manager, base):
    with pytest.raises(StatusError, match="ended") as caught:
        serve(manager, base, keep_waiting=lambda: False)
    assert caught.value.code is Code.CANCELLED


def test_a_model_that_is_not_listed_any_more_is_unloaded(manager, loader, base):
    add(base, 1)
    serve(manager, base)
    manager.await_models(manager.set_targets({}), want_all=False)
    assert wait_until(lambda: loader.servables[1].is_closed)
    assert wait_until(lambda: state(manager, 1) is State.END)


def test_a_loader_with_a_fault_of_its_own_does_not_end_the_manager(base):
    def load(name, version, path):
        if version == 1:
            raise KeyError("a fault")
        return FakeServable(version)

    manager = ModelManager(load, ManagerOptions(0.02, max_num_retries=0))
    manager.start()
    add(base, 1)
    with pytest.raises(StatusError):
        serve(manager, base)
    add(base, 2)
    assert wait_until(lambda: manager.serving.versions("m") == {2})
    manager.stop()


def test_many_swaps_under_many_readers(manager, loader, base):
    add(base, 1)
    serve(manager, base)
    failures, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            with manager.serving.hold(LATEST) as servable:
                if servable.is_closed:
                    failures.append(servable.version)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for version in range(2, 12):
        add(base, version)
        assert wait_until(lambda: state(manager, version) is State.AVAILABLE)  # noqa: B023
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert wait_until(lambda: loader.servables[10].is_closed)
