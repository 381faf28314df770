"""Images are looked at before a run is sent: a registry on this machine, over HTTP."""

import base64
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from kubeflow import registry
from kubeflow.registry import LABEL, TITLE, ImageName, LookError, image_problem
from tests.kubeflow.http_api import serve_json

ROOT = Path(__file__).parents[2]
LINUX = {"os": "linux", "architecture": "amd64"}
MACHINES = [{"os": "linux", "architecture": "arm64"}, LINUX]


class Registry:
    """Images by tag: their labels. An index stands before each, as builders push them."""

    def __init__(self):
        self.images = {"good": {LABEL: TITLE}, "other": {LABEL: "debian"}, "bare": None}
        self.with_token = False
        self.host = ""
        self.asked_with = []

    def answer(self, request):
        parts = urlsplit(request.url)
        authorization = request.headers.get("Authorization", "")
        if parts.path == "/token":
            self.asked_with.append((authorization, parse_qs(parts.query)))
            return 200, {"token": "secret"}
        if self.with_token and authorization != "Bearer secret":
            scope = "repository:team/albert-tfx:pull"
            challenge = f'Bearer realm="{self.host}/token",service="here",scope="{scope}"'
            return 401, {}, {"WWW-Authenticate": challenge}
        prefix, kind, reference = parts.path.rsplit("/", 2)
        assert prefix == "/v2/team/albert-tfx"
        return self.document(kind, reference)

    def document(self, kind, reference):
        tag, _, part = reference.partition("-")
        if tag not in self.images:
            return 404, {"errors": [{"code": "MANIFEST_UNKNOWN"}]}
        if kind == "blobs":
            return 200, {"config": {"Labels": self.images[tag]}}
        if part == "amd64":
            return 200, {"config": {"digest": f"{tag}-config"}}
        listed = [
            {"platform": machine, "digest": f"{tag}-{machine['architecture']}"}
            for machine in MACHINES
        ]
        return 200, {"manifests": listed}


@pytest.fixture
def images(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    images = Registry()
    with serve_json(images.answer) as host:
        images.host = host
        yield images


def name_of(images, tag):
    return f"{images.host.removeprefix('http://')}/team/albert-tfx:{tag}"


def test_an_image_of_ours_is_no_problem(images):
    assert image_problem(name_of(images, "good")) == ""


@pytest.mark.parametrize(("tag", "label"), [("other", "'debian'"), ("bare", "None")])
def test_an_image_without_our_package_is_named(images, tag, label):
    problem = image_problem(name_of(images, tag))
    assert f"holds no albert-tfx, for its label {LABEL} is {label}" in problem
    assert "build it from kubeflow/Dockerfile" in problem


def test_an_image_that_is_not_there_is_named(images):
    assert "has no such image; push it" in image_problem(name_of(images, "missing"))


def test_a_token_is_fetched_where_the_registry_says(images, tmp_path):
    images.with_token = True
    assert image_problem(name_of(images, "good")) == ""
    (asked,) = images.asked_with
    query = {"service": ["here"], "scope": ["repository:team/albert-tfx:pull"]}
    assert asked == ("", query)


def test_the_token_is_asked_for_with_dockers_password(images, tmp_path):
    images.with_token = True
    kept = base64.b64encode(b"me:password").decode()
    folder = tmp_path / ".docker"
    folder.mkdir()
    auths = {images.host.removeprefix("http://"): {"auth": kept}}
    (folder / "config.json").write_text(json.dumps({"auths": auths}))
    assert image_problem(name_of(images, "good")) == ""
    assert images.asked_with[0][0] == f"Basic {kept}"


def test_a_registry_where_no_one_answers_says_nothing_of_the_image():
    with pytest.raises(LookError, match=r"127\.0\.0\.1:1 could not be asked"):
        image_problem("127.0.0.1:1/team/albert-tfx:1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost/a@sha256:ab", ("localhost", "a", "sha256:ab")),
        ("h.example:5000/a/b:1@sha256:ab", ("h.example:5000", "a/b", "sha256:ab")),
    ],
)
def test_names_are_read_as_docker_does(text, expected):
    assert ImageName.parse(text) == ImageName(*expected)


@pytest.mark.parametrize("text", ["albert-tfx", "me/albert-tfx:2"])
def test_a_name_without_a_registry_is_not_looked_at(text):
    with pytest.raises(LookError, match="has no registry"):
        image_problem(text)


def test_the_dockerfile_sets_the_label():
    *_, last_stage = (ROOT / "kubeflow" / "Dockerfile").read_text().split("\nFROM ")
    assert f'LABEL {registry.LABEL}="{registry.TITLE}"' in last_stage
