"""Looks into a registry whether an image holds albert-tfx, by the label that the Dockerfile sets.

It speaks the OCI distribution API, https://github.com/opencontainers/distribution-spec: a manifest,
or an index of manifests by platform, names a config, and the config holds the labels. No layer is
fetched.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

LABEL: Final = "org.opencontainers.image.title"
TITLE: Final = "albert-tfx"

_ACCEPT: Final = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_CHALLENGE: Final = re.compile(r'(\w+)="([^"]*)"')
_SECONDS: Final = 20.0


class LookError(Exception):
    """A registry did not let itself be asked; that says nothing of the image."""


@dataclass(frozen=True)
class ImageName:
    """Where an image is.

    Attributes:
      registry: Host, with its port where it has one.
      repository: Path there.
      reference: Tag or digest.
    """

    registry: str
    repository: str
    reference: str

    @classmethod
    def parse(cls, text: str) -> ImageName:
        """Reads a name as Docker does.

        >>> ImageName.parse("registry.example:5000/team/albert-tfx:1")
        ImageName(registry='registry.example:5000', repository='team/albert-tfx', reference='1')

        Raises:
          LookError: If it has no registry; which one that means is up to who pulls the image.
        """
        name, _, digest = text.partition("@")
        first, slash, rest = name.partition("/")
        is_host = slash and ("." in first or ":" in first or first == "localhost")
        if not is_host:
            raise LookError(
                f"the name {text} has no registry; give it in full to have it looked at"
            )
        repository, _, tag = rest.partition(":")
        return cls(first, repository, digest or tag or "latest")

    @property
    def url(self) -> str:
        """Address of its repository; Docker too speaks HTTP to this machine alone."""
        host = self.registry.split(":")[0]
        scheme = "http" if host in ("localhost", "127.0.0.1") else "https"
        return f"{scheme}://{self.registry}/v2/{self.repository}"


def image_problem(image: str) -> str:
    """Returns what is wrong with an image; empty: nothing.

    Raises:
      LookError: If its registry cannot be asked.
    """
    name = ImageName.parse(image)
    try:
        with httpx.Client(timeout=_SECONDS, follow_redirects=True) as client:
            labels = _labels(client, name)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
        raise LookError(f"{name.registry} could not be asked: {error}") from error
    if labels is None:
        return f"{image}: {name.registry} has no such image; push it, or name another"
    if labels.get(LABEL) != TITLE:
        return (
            f"{image}: holds no albert-tfx, for its label {LABEL} is {labels.get(LABEL)!r}; "
            "build it from kubeflow/Dockerfile, or upon an image that is"
        )
    return ""


def _labels(client: httpx.Client, name: ImageName) -> dict[str, str] | None:
    """Returns the labels of an image; None: there is no such image."""
    manifest = _get(client, name, f"manifests/{name.reference}")
    if manifest is not None and "manifests" in manifest:
        listed = manifest["manifests"]
        of_linux = [one for one in listed if _is_linux(one.get("platform", {}))] or listed
        manifest = _get(client, name, f"manifests/{of_linux[0]['digest']}")
    if manifest is None:
        return None
    config = _get(client, name, f"blobs/{manifest['config']['digest']}") or {}
    return config.get("config", {}).get("Labels") or {}


def _is_linux(platform: dict[str, str]) -> bool:
    return (platform.get("os"), platform.get("architecture")) == ("linux", "amd64")


def _get(client: httpx.Client, name: ImageName, path: str) -> dict[str, Any] | None:
    """Returns a document of a repository, with a token where one is asked for; None: not there."""
    url = f"{name.url}/{path}"
    response = client.get(url, headers={"Accept": _ACCEPT})
    if response.status_code == httpx.codes.UNAUTHORIZED:
        client.headers["Authorization"] = _authorization(client, name, response)
        response = client.get(url, headers={"Accept": _ACCEPT})
    if response.status_code == httpx.codes.NOT_FOUND:
        return None
    return response.raise_for_status().json()


def _authorization(client: httpx.Client, name: ImageName, refused: httpx.Response) -> str:
    """Returns what a registry asks for: a token from where it says, or name and password."""
    challenge = refused.headers.get("WWW-Authenticate", "")
    basic = _basic(name.registry)
    if not challenge.lower().startswith("bearer"):
        return basic
    asked = dict(_CHALLENGE.findall(challenge))
    answer = client.get(
        asked.pop("realm"), params=asked, headers={"Authorization": basic} if basic else {}
    )
    answer.raise_for_status()
    content = answer.json()
    return f"Bearer {content.get('token') or content['access_token']}"


def _basic(registry: str) -> str:
    """Returns name and password for a registry: Docker's, or Google's token for its own."""
    file = Path.home() / ".docker" / "config.json"
    known = json.loads(file.read_text("utf-8")).get("auths", {}) if file.is_file() else {}
    if kept := known.get(registry, {}).get("auth"):
        return f"Basic {kept}"
    if registry.endswith((".pkg.dev", "gcr.io")):
        return f"Basic {base64.b64encode(f'oauth2accesstoken:{_google_token()}'.encode()).decode()}"
    return ""


def _google_token() -> str:
    import google.auth
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    try:
        credentials, _ = google.auth.default(
            scopes=["https://www.googleapis.com/auth/cloud-platform.read-only"]
        )
        credentials.refresh(Request())
    except GoogleAuthError as error:
        raise ValueError(str(error)) from error
    return str(credentials.token)
