"""TFMA over candidate, champion and baselines, in one pass over the data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import apache_beam as beam
import pyarrow as pa
import tensorflow_model_analysis as tfma
from apache_beam.utils.shared import Shared
from tfx import types
from tfx.components.util import tfxio_utils
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.evaluation.measurements import EXAMPLE_COUNT
from models.tasks.base import Task
from schemas.features import EXAMPLES_SIGNATURE

MODEL_TYPE = "tf_generic"
"""Named, or TFMA would try to load every model as a Keras one first."""


def make_eval_config(
    task: Task, model_names: Sequence[str], slices: Sequence[str]
) -> tfma.EvalConfig:
    """Returns what TFMA is to compute.

    Args:
      task: Gives metrics, label and prediction.
      model_names: Names of the models, all measured alike.
      slices: Features that the rows are sliced by, beside all rows together.
    """
    metrics = [
        tfma.MetricConfig(
            class_name=metric.class_name,
            module=metric.module,
            config=json.dumps({**(metric.config or {}), "name": metric.name}),
        )
        for metric in task.metrics()
    ]
    count = tfma.MetricConfig(class_name="ExampleCount", config=json.dumps({"name": EXAMPLE_COUNT}))
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                name=name,
                model_type=MODEL_TYPE,
                signature_name=EXAMPLES_SIGNATURE,
                label_key=task.label_key,
                prediction_key=task.prediction_key,
            )
            for name in model_names
        ],
        slicing_specs=[
            tfma.SlicingSpec(),
            *(tfma.SlicingSpec(feature_keys=[feature]) for feature in slices),
        ],
        metrics_specs=[tfma.MetricsSpec(metrics=[count, *metrics], model_names=list(model_names))],
    )


@dataclass(frozen=True)
class _LoadSavedModel:
    """Loads a SavedModel in a worker, which must know the ops of TF Text first."""

    path: str

    def __call__(self) -> Any:
        import tensorflow as tf
        import tensorflow_text  # noqa: F401 - registers the ops of the tokenizer

        return tf.saved_model.load(self.path)


@contextmanager
def models_freed() -> Iterator[None]:
    """Frees the models that `Analyze` loaded, when its pipeline is through.

    Beam holds on to the object that was shared last until another one is; TensorFlow 2.16 fails
    aloud to take a model apart that is still there when the interpreter ends.
    """
    try:
        yield
    finally:
        Shared().acquire(lambda: None)


class ReadSplit(beam.PTransform):
    """Pipeline -> pa.RecordBatch of rows, each with its serialized tf.Example beside it."""

    def __init__(self, artifacts: Sequence[types.Artifact], split: str, *, batch_size: int) -> None:
        super().__init__()
        self._artifacts = list(artifacts)
        self._split = split
        self._batch_size = batch_size

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[pa.RecordBatch]:
        make_tfxio = tfxio_utils.get_tfxio_factory_from_artifact(
            examples=self._artifacts,
            telemetry_descriptors=["Evaluate"],
            raw_record_column_name=tfma.ARROW_INPUT_COLUMN,
        )
        uris = artifact_utils.get_split_uris(self._artifacts, self._split)
        batches = [
            pipeline
            | f"Read[{index}]"
            >> make_tfxio(io_utils.all_files_pattern(uri)).BeamSource(self._batch_size)
            for index, uri in enumerate(uris)
        ]
        return cast("beam.PCollection[pa.RecordBatch]", batches | beam.Flatten())


class Analyze(beam.PTransform):
    """pa.RecordBatch of rows -> the files of TFMA under `output_path`."""

    def __init__(
        self, models: Mapping[str, Path], eval_config: tfma.EvalConfig, output_path: str
    ) -> None:
        """Takes what to measure.

        Args:
          models: Folders of the SavedModels by name.
          eval_config: What to compute; names the same models.
          output_path: Folder of the results, for `tfma.load_eval_result` and its dashboards.
        """
        super().__init__()
        self._models = models
        self._eval_config = eval_config
        self._output_path = output_path

    def expand(self, rows: beam.PCollection[pa.RecordBatch]) -> Any:
        shared = [
            tfma.default_eval_shared_model(
                eval_saved_model_path=str(path),
                model_name=name,
                eval_config=self._eval_config,
                custom_model_loader=tfma.ModelLoader(construct_fn=_LoadSavedModel(str(path))),
            )
            for name, path in self._models.items()
        ]
        return rows | tfma.ExtractEvaluateAndWriteResults(
            eval_shared_model=shared,
            eval_config=self._eval_config,
            output_path=self._output_path,
        )
