import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from models.weights.hub import Hub
from models.weights.importing import import_weights
from models.weights.sources import open_checkpoint
from schemas.errors import UserError
from tests.models.weights.golden import copy_golden

COMMIT = "c0ffee"


class HubHandler(SimpleHTTPRequestHandler):
    """Two addresses of the hub's: the files of a model, and a file."""

    def do_GET(self):
        self.server.asked.append(self.path)
        parts = self.path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            self.describe("/".join(parts[2:4]))
        else:
            self.path = "/" + "/".join(parts[:2] + parts[4:])
            super().do_GET()

    def describe(self, model_id):
        folder = self.server.root / model_id
        if not folder.is_dir():
            self.send_error(404)
            return
        files = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
        content = {"sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("hub")
    (root / "albert").mkdir()
    copy_golden("pretraining", root / "albert" / "albert-base-v2")
    (root / "albert" / "albert-base-v2" / "README.md").write_text("# ALBERT")
    handler = partial(HubHandler, directory=str(root))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.root, running.asked = root, []
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def hub(server, tmp_path):
    server.asked.clear()
    return Hub(cache=tmp_path / "hub", endpoint=f"http://127.0.0.1:{server.server_port}")


@pytest.mark.parametrize("name", ["albert-base-v2", "albert/albert-base-v2"])
def test_model_by_name(name, hub):
    assert open_checkpoint(name, hub).info.heads == {"mlm": 0, "sop": 2}


def test_model_by_scheme_becomes_a_preset(hub, tmp_path):
    import_weights("hf://albert/albert-base-v2", tmp_path / "preset", hub)
    assert open_checkpoint(str(tmp_path / "preset"), hub).info.heads == {"mlm": 0, "sop": 2}


def test_only_what_is_read_is_fetched(hub, server):
    open_checkpoint("albert-base-v2", hub)
    assert sum(".safetensors" in path for path in server.asked) == 5
    assert not any("README" in path for path in server.asked)


def test_cached_model_needs_no_network(hub):
    open_checkpoint("albert-base-v2", hub)
    offline = Hub(cache=hub.cache, endpoint="http://127.0.0.1:9")
    assert open_checkpoint("albert-base-v2", offline).info.heads == {"mlm": 0, "sop": 2}


def test_cache_has_the_layout_of_huggingface_hub(hub):
    open_checkpoint("albert-base-v2", hub)
    folder = hub.cache / "models--albert--albert-base-v2"
    assert (folder / "refs" / "main").read_text() == COMMIT
    assert (folder / "snapshots" / COMMIT / "config.json").is_file()


def test_half_a_download_is_completed(hub):
    open_checkpoint("albert-base-v2", hub)
    snapshot = hub.cache / "models--albert--albert-base-v2" / "snapshots" / COMMIT
    shard = sorted(snapshot.glob("*.safetensors"))[0]
    shard.unlink()
    assert open_checkpoint("albert-base-v2", hub).info.heads == {"mlm": 0, "sop": 2}


def test_index_cannot_write_outside_the_cache(hub, server, tmp_path):
    """What it names elsewhere is not fetched, and so is missing."""
    copy_golden("pretraining", server.root / "bad" / "model")
    path = server.root / "bad" / "model" / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    index["weight_map"]["more"] = "../../../../evil.safetensors"
    path.write_text(json.dumps(index))
    with pytest.raises(UserError, match=r"evil\.safetensors is missing; copy the whole folder"):
        open_checkpoint("bad/model", hub)
    assert not list(tmp_path.rglob("evil*"))
    assert not any("evil" in asked for asked in server.asked)


@pytest.mark.parametrize("name", ["albert/albert-bas-v2", "hf://albert/albert-bas-v2"])
def test_near_names_of_a_model_that_the_hub_does_not_have(name, hub):
    with pytest.raises(UserError, match=r"answers 404; .*; near it: albert/albert-base-v2, albert"):
        open_checkpoint(name, hub)


def test_model_that_the_hub_does_not_have(hub):
    with pytest.raises(UserError, match=r"received 'me/none', and the hub .* not public$"):
        open_checkpoint("me/none", hub)
