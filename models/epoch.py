"""The size of a pass over the training rows (standard library only)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EpochSize:
    """What one pass over a split comes to.

    Attributes:
      batch_size: Rows a batch; the last batch may have fewer.
      rows: Rows.
      batches: Batches, each an optimizer step.
      tokens: Tokens of the rows, special ones included.
      padded_tokens: Tokens that the model computes, padding included.
    """

    batch_size: int
    rows: int
    batches: int
    tokens: int
    padded_tokens: int

    @property
    def padding_ratio(self) -> float:
        """Share of the computed tokens that is padding."""
        return 1.0 - self.tokens / self.padded_tokens if self.padded_tokens else 0.0

    def steps(self, epochs: float) -> int:
        """Returns the optimizer steps of `epochs` passes, at least one."""
        return max(1, round(self.batches * epochs))
