"""Runs the Tuner: TFX's own search, then a record of the trials."""

from __future__ import annotations

import os
from typing import Any

from tfx import types
from tfx.components.tuner import executor as tfx_executor
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_component_specs

from schemas import features as keys


class Executor(base_executor.BaseExecutor):
    """Executor of `components.tuning.component.Tuner`."""

    def Do(  # noqa: N802 - the name is TFX's
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Searches, from where a killed search was, and writes what was found.

        Raises:
          AlbertTfxError: If no trial has a score.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        tuner = tfx_executor.search(
            input_dict, exec_properties, self._get_tmp_dir(), print_tuning_summary=False
        )
        record = tuner.record()
        tfx_executor.write_best_hyperparameters(tuner, output_dict)
        results = artifact_utils.get_single_uri(
            output_dict[standard_component_specs.TUNER_RESULTS_KEY]
        )
        with fileio.open(os.path.join(results, keys.TRIALS_FILE), "w") as stream:
            stream.write(record.model_dump_json(indent=2) + "\n")
        fileio.rmtree(tuner.project_dir)
