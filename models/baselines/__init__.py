"""Simple models that the candidate has to beat, one module each, of the baseline's name.

Each has a function `fit`, of the type `models.baselines.base.Fit`. It is fitted on raw examples
and exported as the candidate is, with the same signatures, so that it is evaluated, compared and
if need be served by the same means.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs

_NOT_BASELINES = ("bag_of_words", "base", "constant")


def baseline_names() -> tuple[str, ...]:
    """Returns the names of the baselines there are."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in names if name not in _NOT_BASELINES))


def run_fn(fn_args: FnArgs) -> None:
    """The `run_fn` of TFX's Trainer: raw examples in, the SavedModel of one baseline out.

    Args:
      fn_args: TFX's arguments. `custom_config` has `baseline`, a name; `task` and `baselines`,
        sections of the run config; `code_version`; and `data`, fingerprints by split.

    Raises:
      ValueError: If there is no such baseline.
      UserError: If the data is not enough to fit it.
    """
    from models.baselines.base import read_rows
    from models.config import BaselinesConfig
    from models.export import export_saved_model
    from models.tasks import create_task
    from schemas.model_info import ModelInfo

    config = fn_args.custom_config
    name = config["baseline"]
    if name not in baseline_names():
        raise ValueError(
            f"a baseline must be one of {', '.join(baseline_names())}; received {name!r}"
        )
    fit = importlib.import_module(f"models.baselines.{name}").fit
    task = create_task(config["task"])
    baseline = fit(
        read_rows(fn_args.train_files, task),
        task,
        BaselinesConfig.model_validate(config["baselines"]),
    )
    info = ModelInfo(
        name=name,
        task=task.name,
        labels=task.labels,
        code_version=config["code_version"],
        data=config["data"],
    )
    export_saved_model(
        fn_args.serving_model_dir,
        task,
        baseline,
        info,
        tracked=[baseline],
    )
