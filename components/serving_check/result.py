"""The record of a serving check: each check with its outcome and figures."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class Check(BaseModel):
    """One thing that the exported model must do.

    Attributes:
      name: What it must do, in words.
      passed: Whether it does.
      detail: What was seen.
      figures: Numbers that were measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    passed: bool
    detail: str
    figures: Mapping[str, float] = Field(default_factory=dict)


class ServingCheckResult(BaseModel):
    """All checks of one model, in the order in which they were made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checks: tuple[Check, ...]

    @property
    def blessed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> tuple[str, ...]:
        """What went wrong, a sentence each."""
        return tuple(f"{check.name}: {check.detail}" for check in self.checks if not check.passed)

    @property
    def figures(self) -> dict[str, float]:
        """Every figure of every check."""
        return {name: value for check in self.checks for name, value in check.figures.items()}

    @property
    def summary(self) -> str:
        """The result in one line."""
        if not self.blessed:
            return f"{len(self.failures)} of {len(self.checks)} checks failed"
        latency = self.figures.get("latency_p50_ms")
        shown = "" if latency is None else f", {latency:.1f} ms a text"
        return f"{len(self.checks)} checks passed{shown}"
