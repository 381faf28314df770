"""Where a run on a new span starts from: the weights of the model that is live."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.presets import backbone_size
from models.weights.preset import CONFIG_FILE
from pipeline.config import RunConfig
from pipeline.follow_up import trained_weights
from pipeline.report import REPORT_FILE, RunReport, read_report
from schemas.errors import AlbertTfxError
from schemas.model_info import read_model_info
from serving.versions import list_versions, live_version

_SIZES = ("num_layers", "num_heads", "hidden_dim", "intermediate_dim", "embedding_dim")


@dataclass(frozen=True)
class WarmStart:
    """Where training starts.

    Attributes:
      weights: Preset folder of the live model; None: as the config says, from scratch.
      sentence: The same in words.
    """

    weights: Path | None
    sentence: str


def cold_start(config: RunConfig, why: str = "") -> WarmStart:
    """Returns the start that the config names: given weights, or random ones."""
    given = config.model.weights
    start = "from scratch" if given is None else f"from {given}"
    return WarmStart(None, f"{start}: {why}" if why else start)


def find_warm_start(config: RunConfig) -> WarmStart:
    """Returns the weights of the live model, if a run of `config` can go on from them."""
    version = live_version(config.model_base)
    if version is None:
        return cold_start(config, "nothing is live yet")
    report = _run_that_trained(config, version)
    if report is None:
        return cold_start(config, f"no run here trained version {version}")
    try:
        weights = trained_weights(report)
    except AlbertTfxError:
        return cold_start(config, f"the weights of version {version} are gone")
    if why := _why_other(config, weights, list_versions(config.model_base)[version]):
        return cold_start(config, why)
    return WarmStart(weights, f"from the weights of version {version}")


def _run_that_trained(config: RunConfig, version: int) -> RunReport | None:
    """Returns the newest run whose candidate is `version`; it may have been killed once before."""
    reports = sorted((config.output_dir / "runs").glob(f"*/{REPORT_FILE}"), reverse=True)
    for path in reports:
        report = read_report(path)
        published = report.publication
        if (
            published is not None
            and published.version == version
            and published.model_base == str(config.model_base)
        ):
            return report
    return None


def _why_other(config: RunConfig, preset: Path, model_dir: Path) -> str:
    """Returns why a model of `config` cannot go on from these weights; empty where it can."""
    info = read_model_info(model_dir)
    if info is not None and info.task != config.task.name:
        return f"what is live was trained for {info.task}"
    if config.model.weights is not None:  # their size is not the config's to say
        return ""
    live: dict[str, Any] = json.loads((preset / CONFIG_FILE).read_text("utf-8"))["config"]
    wanted = asdict(backbone_size(config.model))
    other = [f"{name} {live.get(name)}" for name in _SIZES if live.get(name) != wanted[name]]
    return f"what is live has another size ({', '.join(other)})" if other else ""
