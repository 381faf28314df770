"""The config of one round: the watched one, with its span, its weights and a shorter training."""

from pathlib import Path
from typing import Any

import yaml

from pipeline.config import RunConfig
from pipeline.loading import check_config
from pipeline.watch.rounds import Round


def round_config(config: RunConfig, item: Round) -> RunConfig:
    """Returns what `albert-tfx run` runs for `item`, however often it is started."""
    values: dict[str, Any] = config.model_dump(mode="json")
    values["output"] = str(config.output_dir)
    values["ingest"]["span"] = item.span
    if item.weights is not None:
        values["model"]["weights"] = item.weights
        values["train"] |= _shorter(config)
    return check_config(values, source=f"round {item.number}")


def write_round_config(path: Path, config: RunConfig) -> None:
    """Writes a config as YAML."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False), "utf-8")


def _shorter(config: RunConfig) -> dict[str, float | None]:
    """Returns what `watch` says of a training that goes on from the live model's weights."""
    watch = config.watch
    changed: dict[str, float | None] = {}
    if watch.steps is not None or watch.epochs is not None:
        changed |= {"steps": watch.steps, "epochs": watch.epochs}
    if watch.learning_rate is not None:
        changed["learning_rate"] = watch.learning_rate
    return changed
