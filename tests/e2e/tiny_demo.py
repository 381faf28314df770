"""The demo at a size that takes seconds."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.config import RunConfig
from pipeline.loading import load_config

_ROOT = Path(__file__).parents[2]
DATA = _ROOT / "data" / "demo"
_TINY = (
    "baselines.include=[majority]",
    "model.num_layers=1",
    "model.max_length=16",
    "train.epochs=null",
    "train.steps=4",
    "evaluate.thresholds=[{metric: accuracy, over: champion, min: -1.0}]",
    "vocabulary.size=300",
    "serving_check.max_latency_ms=10000",
)


def tiny_demo(overrides: Sequence[str]) -> RunConfig:
    """Returns the demo's config with `overrides`, its model and training tiny."""
    return load_config(_ROOT / "configs" / "demo.yaml", [*_TINY, *overrides])
