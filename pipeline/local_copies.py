"""A pipeline root on a bucket: steps work in a folder here, what they make is kept there.

TensorFlow, Keras and SentencePiece write to this machine's file system; few of them know buckets,
and none knows all kinds. So TFX is given the folder as its pipeline root, and this module stands
where it hands artifacts to a step and where it records them: ML Metadata knows only the URIs.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.orchestration.portable import data_types, launcher
from tfx.proto.orchestration import executable_spec_pb2, execution_result_pb2

from components.remote.files import download, is_remote, joined, list_folder, upload
from pipeline.tfx_filesystem import make_known
from schemas.errors import UserError

_EMPTY = ".empty"
"""Stands for an artifact without files."""

Artifacts = dict[str, list[types.Artifact]]


class LocalCopies:
    """The folder that stands for a pipeline root elsewhere."""

    def __init__(self, root: str, folder: Path) -> None:
        """Takes both sides.

        Args:
          root: URI of the pipeline root.
          folder: Where steps find and leave their artifacts; it can be deleted between runs.
        """
        make_known(root)
        self._root = root.rstrip("/")
        self._folder = str(folder.absolute())

    def there(self, text: str) -> str:
        """Returns `text`, which may be a path below the folder, as its URI.

        >>> copies = LocalCopies("gs://bucket/runs", Path("/here"))
        >>> copies.there("/here/Trainer/model/5"), copies.there("/elsewhere")
        ('gs://bucket/runs/Trainer/model/5', '/elsewhere')
        """
        return _moved(text, self._folder, self._root)

    def fetched(self, artifacts: Artifacts) -> Artifacts:
        """Returns inputs of a step, brought here; what was brought or made before is here.

        Raises:
          UserError: If the bucket cannot be read.
        """
        return {
            key: [self._fetched(artifact) for artifact in listed]
            for key, listed in artifacts.items()
        }

    def send(self, outputs: Artifacts) -> None:
        """Copies what a step has made to the root.

        Raises:
          UserError: If the bucket cannot be written, or holds what another database knows.
        """
        for artifact in (artifact for listed in outputs.values() for artifact in listed):
            folder, uri = Path(artifact.uri), self.there(artifact.uri)
            if list_folder(uri):
                raise UserError(
                    f"pipeline_root: {uri} is there already, but not in this ML Metadata; name "
                    "the database that knows it as metadata, or give another pipeline_root"
                )
            files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
            if not files:  # a bucket has no empty folders, and TFX takes what is not there for lost
                files = [folder / _EMPTY]
                files[0].touch()
            upload({path: joined(uri, path.relative_to(folder).as_posix()) for path in files})

    def recorded(self, outputs: Artifacts) -> Artifacts:
        """Returns outputs of a step with their URIs."""
        return {
            key: [_with_uri(artifact, self.there(artifact.uri)) for artifact in listed]
            for key, listed in outputs.items()
        }

    def recorded_output(
        self, output: execution_result_pb2.ExecutorOutput
    ) -> execution_result_pb2.ExecutorOutput:
        """Returns what an executor reports with URIs, also in the properties of artifacts."""
        translated = execution_result_pb2.ExecutorOutput()
        translated.CopyFrom(output)
        for listed in translated.output_artifacts.values():
            for artifact in listed.artifacts:
                artifact.uri = self.there(artifact.uri)
                for value in artifact.custom_properties.values():
                    if value.HasField("string_value"):
                        value.string_value = self.there(value.string_value)
        return translated

    def _fetched(self, artifact: types.Artifact) -> types.Artifact:
        path = _moved(artifact.uri, self._root, self._folder)
        if is_remote(path):
            raise UserError(
                f"pipeline_root: {artifact.uri} is an earlier artifact that is not below "
                f"{self._root}; set pipeline_root as it was, or give this run another name"
            )
        if path != artifact.uri:
            _fetch(artifact.uri, Path(path))
        return _with_uri(artifact, path)


class Launcher(launcher.Launcher):
    """TFX's launcher of one node, with copies of its artifacts."""

    def __init__(self, copies: LocalCopies, **node: Any) -> None:
        """Makes the launcher.

        Args:
          copies: Where artifacts are.
          **node: The arguments of TFX's own.
        """
        super().__init__(**node)
        self._copies = copies
        spec = self._executor_spec
        # Workers on other machines do not see the copies; such a step works on the bucket itself.
        self._is_spread = isinstance(spec, executable_spec_pb2.BeamExecutableSpec) and bool(
            spec.beam_pipeline_args_placeholders
        )

    def _run_executor(
        self, execution_info: data_types.ExecutionInfo
    ) -> execution_result_pb2.ExecutorOutput:
        here = copy.copy(execution_info)
        if self._is_spread:
            here.output_dict = self._copies.recorded(execution_info.output_dict)
            here.tmp_dir = self._copies.there(execution_info.tmp_dir)
            return super()._run_executor(here)
        here.input_dict = self._copies.fetched(execution_info.input_dict)
        output = super()._run_executor(here)
        self._copies.send(execution_info.output_dict)
        return output

    def _publish_successful_execution(
        self,
        execution_id: int,
        contexts: list[metadata_store_pb2.Context],
        output_dict: Artifacts,
        executor_output: execution_result_pb2.ExecutorOutput,
    ) -> None:
        super()._publish_successful_execution(
            execution_id,
            contexts,
            self._copies.recorded(output_dict),
            self._copies.recorded_output(executor_output),
        )


def _moved(text: str, source: str, target: str) -> str:
    """Returns a path or URI below `source` as the one below `target`; any other stays."""
    below = text == source or text.startswith(f"{source}/")
    return target + text.removeprefix(source) if below else text


def _with_uri(artifact: types.Artifact, uri: str) -> types.Artifact:
    moved = copy.deepcopy(artifact)
    moved.uri = uri
    return moved


def _fetch(uri: str, folder: Path) -> None:
    """Brings every file that is not here yet, or of another size: artifacts never change."""
    there = list_folder(uri)
    folder.mkdir(parents=True, exist_ok=True)
    download(
        {
            joined(uri, name): folder / name
            for name, stored in there.items()
            if not _is_here(folder / name, stored.num_bytes)
        }
    )


def _is_here(path: Path, num_bytes: int) -> bool:
    return path.is_file() and path.stat().st_size == num_bytes
