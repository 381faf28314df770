"""Peak memory of a training step, part by part.

The activations are counted from what the gradient functions of the layers keep, for each of the
repetitions of the shared layer: tensors of `(tokens, hidden)`, of `(tokens, intermediate)`, and of
`(rows, heads, length, length)`. `benchmarks/plan.py` holds the sum against the measured peak.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.plan.parameters import count_parameters
from models.plan.shape import ModelShape
from models.precision import FLOAT32

_MIB = 1 << 20
_FLOAT32_BYTES = 4

MOMENTS = 2
"""Values that AdamW and LAMB keep for each parameter, in float32."""


@dataclass(frozen=True)
class SavedTensors:
    """Tensors that one application of a layer keeps for its gradient, in the computing format.

    Attributes:
      hidden: Of `(tokens, hidden)`: inputs of the products and LayerNorms, and dropout's masks.
      intermediate: Of `(tokens, intermediate)`: before and after GELU, and within it.
      scores: Of `(rows, heads, length, length)`: before and after softmax.
    """

    hidden: float
    intermediate: float
    scores: float


SAVED = SavedTensors(hidden=14.0, intermediate=4.0, scores=4.0)
FRAMEWORK_BYTES = {False: 900 * _MIB, True: 1024 * _MIB}
"""TensorFlow, its code and pools, before the first step: on a CPU, on a GPU (CUDA's context)."""


@dataclass(frozen=True)
class StepMemory:
    """Bytes at the peak of a training step.

    Attributes:
      framework: TensorFlow itself.
      weights: Parameters in float32.
      casts: Their 16-bit copies; 0 in float32.
      moments: The optimizer's two moments.
      gradients: One for each parameter, and the sums of gradient accumulation.
      activations: What the forward pass keeps, without the scores, and one layer's working set.
      scores: Attention scores that are kept.
      update: The optimizer's temporaries; they come when activations and scores are gone.
    """

    framework: int
    weights: int
    casts: int
    moments: int
    gradients: int
    activations: int
    scores: int
    update: int

    @property
    def fixed(self) -> int:
        """What does not depend on the rows of a step."""
        return self.framework + self.weights + self.casts + self.moments + self.gradients

    @property
    def total(self) -> int:
        """The peak."""
        return self.fixed + max(self.activations + self.scores, self.update)


@dataclass(frozen=True)
class StepSetup:
    """How a step is computed.

    Attributes:
      rows: Rows that are computed at once.
      length: Tokens that they are padded to.
      precision: Keras policy.
      checkpointing: Whether layers are computed again in the backward pass.
      accumulation: Batches of a step; their gradients are summed.
      dropout: Whether the backbone drops anything.
      is_gpu: Whether a GPU computes.
    """

    rows: int
    length: int
    precision: str
    checkpointing: bool = False
    accumulation: int = 1
    dropout: bool = False
    is_gpu: bool = False


def step_memory(shape: ModelShape, setup: StepSetup) -> StepMemory:
    """Returns the peak memory of a step."""
    parameters = count_parameters(shape).total
    weights = parameters * _FLOAT32_BYTES
    width = 2 if setup.precision != FLOAT32 else _FLOAT32_BYTES
    activations, scores = _kept(shape, setup, width)
    return StepMemory(
        framework=FRAMEWORK_BYTES[setup.is_gpu],
        weights=weights,
        casts=0 if setup.precision == FLOAT32 else parameters * width,
        moments=MOMENTS * weights,
        gradients=weights * (2 if setup.accumulation > 1 else 1),
        activations=activations,
        scores=scores,
        update=weights,
    )


def _kept(shape: ModelShape, setup: StepSetup, width: int) -> tuple[int, int]:
    """Returns the bytes of activations and of scores at the end of the forward pass."""
    tokens = setup.rows * setup.length
    layer = tokens * (SAVED.hidden * shape.hidden_dim + SAVED.intermediate * shape.intermediate_dim)
    scores = SAVED.scores * setup.rows * shape.num_heads * setup.length**2
    full, inputs = (1, shape.applications) if setup.checkpointing else (shape.applications, 0)
    kept = full * layer + inputs * tokens * shape.hidden_dim
    return round(kept * width), round(full * scores * width)
