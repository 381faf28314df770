"""Downloads models of the Hugging Face hub into its usual cache, and finds them there offline.

The package `huggingface_hub` is in one of the two dependency sets only. What is needed of it are
two requests, and the layout of its cache, `hub/models--OWNER--NAME/snapshots/COMMIT/`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from schemas.errors import UserError

DEFAULT_ENDPOINT = "https://huggingface.co"
MODEL_ID = re.compile(r"[\w.-]+/[\w.-]+")
_REVISION = "main"
_TIMEOUT_SECONDS = 30
_CHUNK_BYTES = 1 << 20
_PARTS = (
    "config.json",
    "tokenizer_config.json",
    "spiece.model",
    "albert_config.json",
    "30k-clean.model",
    "tokenizer.json",
    "metadata.json",
    "assets/tokenizer/vocabulary.spm",
    "weights.json",
    "heads.safetensors",
)
_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "model.weights.h5",
)
"""One of these is fetched, the first that there is."""


@dataclass(frozen=True)
class Hub:
    """Where models come from.

    Attributes:
      cache: Folder of downloaded models, `$HF_HOME/hub`.
      endpoint: The hub's address.
      token: For models that are not public.
    """

    cache: Path
    endpoint: str = DEFAULT_ENDPOINT
    token: str = ""

    def fetch(self, model_id: str, near: Sequence[str] = ()) -> Path:
        """Returns the folder of a model, downloaded if it is not in the cache.

        Args:
          model_id: `OWNER/NAME`.
          near: Names that may have been meant, to tell where there is no such model.

        Raises:
          UserError: If there is no such model, or it is not in the cache and cannot be reached.
        """
        folder = self.cache / f"models--{model_id.replace('/', '--')}"
        ref = folder / "refs" / _REVISION
        if ref.is_file():
            snapshot = folder / "snapshots" / ref.read_text("utf-8").strip()
            if _is_whole(snapshot):
                return snapshot
        try:
            with self._client() as client:
                return self._download(client, model_id, folder)
        except httpx.HTTPStatusError as error:
            raise UserError(
                f"the source must be a folder or a model of {self.endpoint}; received "
                f"{model_id!r}, and the hub answers {error.response.status_code}; check the name, "
                "or set HF_TOKEN where the model is not public"
                + (f"; near it: {', '.join(near)}" if near else "")
            ) from error
        except (httpx.HTTPError, OSError) as error:
            raise UserError(
                f"the model {model_id} must be fetched from {self.endpoint}, which failed "
                f"({error or type(error).__name__}); it is in no folder of that name and not in "
                f"{self.cache}; connect to the network, or download it elsewhere and name its "
                "folder"
            ) from error

    def _client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.endpoint,
            timeout=_TIMEOUT_SECONDS,
            follow_redirects=True,
            headers={"authorization": f"Bearer {self.token}"} if self.token else {},
        )

    def _download(self, client: httpx.Client, model_id: str, folder: Path) -> Path:
        answer = client.get(f"/api/models/{model_id}/revision/{_REVISION}")
        answer.raise_for_status()
        described: dict[str, Any] = answer.json()
        there = [file["rfilename"] for file in described["siblings"]]
        commit = described["sha"]
        snapshot = folder / "snapshots" / commit
        for name in wanted_files(there):
            _save(client, f"/{model_id}/resolve/{commit}/{name}", snapshot / name)
        for name in _shards(snapshot):
            _save(client, f"/{model_id}/resolve/{commit}/{name}", snapshot / name)
        ref = folder / "refs" / _REVISION
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(commit, "utf-8")
        return snapshot


def wanted_files(there: Sequence[str]) -> list[str]:
    """Returns the files of a model that an import reads.

    >>> wanted_files(["README.md", "config.json", "pytorch_model.bin", "model.safetensors"])
    ['config.json', 'model.safetensors']
    """
    weights = [name for name in _WEIGHTS if name in there][:1]
    return [name for name in _PARTS if name in there] + weights


def _is_whole(snapshot: Path) -> bool:
    return any((snapshot / name).is_file() for name in _WEIGHTS) and all(
        (snapshot / name).is_file() for name in _shards(snapshot)
    )


def _shards(snapshot: Path) -> Iterator[str]:
    """Yields the files that the index in a snapshot names; a path out of the folder is none."""
    for name in _WEIGHTS:
        path = snapshot / name
        if name.endswith(".index.json") and path.is_file():
            named = set(json.loads(path.read_text("utf-8"))["weight_map"].values())
            yield from sorted(file for file in named if Path(file).name == file)


def _save(client: httpx.Client, url: str, path: Path) -> None:
    """Downloads one file to the side and renames it, unless it is there."""
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.incomplete")
    with client.stream("GET", url) as answer:
        answer.raise_for_status()
        with unfinished.open("wb") as stream:
            for chunk in answer.iter_bytes(_CHUNK_BYTES):
                stream.write(chunk)
    unfinished.rename(path)
