"""Hyperparameters by the path of the config key that they set, such as `train.learning_rate`."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from models.tuning.config import Range, Ranges, RateFactorRanges

if TYPE_CHECKING:
    import keras_tuner

_SECTIONS = {"dropout": "model", "classifier_dropout": "model"}
_REPLACED = {"train.steps": "epochs", "train.epochs": "steps"}
"""The key of `train` that a value takes the place of: a run has steps or epochs."""


def search_space(ranges: Ranges) -> keras_tuner.HyperParameters:
    """Returns the space of `ranges`; its names are paths in the run config."""
    import keras_tuner

    space = keras_tuner.HyperParameters()
    for path, searched in _searched(ranges):
        if isinstance(searched, Range):
            sampling = "log" if searched.log else "linear"
            space.Float(path, searched.min, searched.max, sampling=sampling)
        elif searched is not None:
            space.Choice(path, list(searched))
    return space


def _searched(ranges: Ranges) -> Iterator[tuple[str, Range | tuple[float, ...] | None]]:
    """Yields the path of every key that can be searched, and its range or choices."""
    for name, searched in ranges:
        if isinstance(searched, RateFactorRanges):
            for group, factors in searched:
                yield f"train.{name}.{group}", factors
        else:
            yield f"{_SECTIONS.get(name, 'train')}.{name}", searched


def with_values(sections: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns sections of the run config with some keys set.

    >>> with_values({"train": {"steps": None, "epochs": 3.0}}, {"train.steps": 50})
    {'train': {'steps': 50, 'epochs': None}}

    Args:
      sections: Sections by name, as plain data.
      values: Values by path; what is no path of `sections` is the search's own ("tuner/round").
    """
    changed = copy.deepcopy(dict(sections))
    for path, value in values.items():
        first, *rest = path.split(".")
        if first not in changed:
            continue
        section = changed[first]
        for name in rest[:-1]:
            section = section.setdefault(name, {})
        section[rest[-1]] = value
        if path in _REPLACED:
            section[_REPLACED[path]] = None
    return changed


def with_best(
    sections: Mapping[str, Any], hyperparameters: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Returns sections of the run config with what a Tuner found.

    Args:
      sections: Sections by name, as plain data.
      hyperparameters: `HyperParameters.get_config()` of the best trial, as TFX's Trainer gets it;
        None without a Tuner.
    """
    return with_values(sections, {} if hyperparameters is None else hyperparameters["values"])
