"""Peak memory of a training step, part by part.

The tensors are counted from what the gradient functions of the layers keep, for each of the
repetitions of the shared layer (models/albert). What is not tensors is measured, once.
`benchmarks/plan.py` holds the sum against the measured peak.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.plan.parameters import count_parameters, layer_parameters
from models.plan.shape import ModelShape
from models.precision import FLOAT32

_MIB = 1 << 20
_FLOAT32_BYTES = 4

MOMENTS = 2
"""Values that AdamW and LAMB keep for each parameter, in float32."""

_UPDATE = 2
"""Float32 values for each parameter while it is updated: its gradient, and the clipped one."""


@dataclass(frozen=True)
class KeptTensors:
    """Bytes that one application of a layer keeps for its gradient.

    Attributes:
      hidden: For each token and unit of the hidden width: the input of the layer; query, key (also
        transposed) and value; the attention's context and the first LayerNorm's result, in the
        computing format; and the normed rows of both LayerNorms, in float32.
      attended: Those of them that every token has where only the first one is computed: the input,
        key (also transposed) and value.
      intermediate: For each token and unit of the feed-forward width: the activation's value and
        its derivative.
      scores: For each row, head and pair of tokens: the probabilities, in float32 as softmax's
        gradient needs them, and in the computing format where that is another.
    """

    hidden: int
    attended: int
    intermediate: int
    scores: int


KEPT = {
    True: KeptTensors(hidden=7 * 2 + 2 * 4, attended=4 * 2, intermediate=2 * 2, scores=4 + 2),
    False: KeptTensors(hidden=7 * 4 + 2 * 4, attended=4 * 4, intermediate=2 * 4, scores=4),
}
"""By whether the computing format has 16 bits."""

FRAMEWORK_BYTES = {False: 780 * _MIB, True: 1024 * _MIB}
"""TensorFlow with its code and pools: on a CPU, on a GPU (CUDA's context; not measured).

Measured on a CPU (TensorFlow 2.16): 760 MiB in float32 and 805 MiB in bf16, where XLA's compiler
is loaded too: the peak of an albert-tiny training less the 40 MiB of its tensors.
"""

PIECE_BYTES = {True: 16, False: 14}
"""For each piece of the vocabulary at a hidden token, by whether the computing format has 16 bits:
logits, the loss's gradient and what comes between, in float32, and in 16 bits twice more.

Fitted to steps of one layer of albert-tiny on a CPU (TensorFlow 2.16) with 640, 2,560 and 5,120
hidden tokens and 30,000 pieces: 1,358, 1,931 and 3,384 MiB in float32, planned within 12 %; 1,178,
2,261 and 3,693 in bf16, within 3 %.
"""

SLACK = 0.15
"""What the allocator holds beyond the tensors, as a share of them: freed blocks that do not fit.

Fitted to the cases of `benchmarks/plan.py` on a CPU: 0.04 to 0.19 of the tensors, and 0.3 and 0.4
in those with checkpointing; on a GPU, whose allocator is another, it is taken for the same.
"""


@dataclass(frozen=True)
class StepMemory:
    """Bytes at the peak of a training step.

    What the forward pass keeps is freed layer by layer while the gradients of the layers are made,
    so that the larger of the two counts; with gradient checkpointing the little that it keeps is
    there until the last gradient, and both count. The update comes when all of that is gone.

    Attributes:
      framework: TensorFlow itself.
      weights: Parameters in float32.
      casts: Copies in the computing format: all layers in 16 bits, the joined projections else.
      moments: The optimizer's two moments.
      sums: Of the gradients of several batches, with gradient accumulation.
      activations: What the forward pass keeps, without the scores, and one layer's working set.
      scores: Attention scores that are kept.
      pieces: Scores of every piece of the vocabulary for hidden tokens, with their gradients, which
        are gone when the gradients of the layers come.
      shared_gradients: Those of the shared layers, one for each application until they are summed
        (albert-xlarge-v2, whose peak they make: 4,314 MiB planned, 4,289 measured).
      update: Gradients and clipped gradients in float32.
      slack: What the allocator holds beyond the tensors.
      total: The peak.
    """

    framework: int
    weights: int
    casts: int
    moments: int
    sums: int
    activations: int
    scores: int
    pieces: int
    shared_gradients: int
    update: int
    slack: int
    total: int


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
      fused_attention: Whether no scores are kept, as by flash attention: JAX on a GPU, which only
        `benchmarks/training` trains with.
      scored_positions: Tokens of a row for which every piece of the vocabulary is scored.
    """

    rows: int
    length: int
    precision: str
    checkpointing: bool = False
    accumulation: int = 1
    dropout: bool = False
    is_gpu: bool = False
    fused_attention: bool = False
    scored_positions: int = 0


def step_memory(shape: ModelShape, setup: StepSetup) -> StepMemory:
    """Returns the peak memory of a step."""
    parameters = count_parameters(shape)
    weights = parameters.total * _FLOAT32_BYTES
    is_short = setup.precision != FLOAT32
    width = 2 if is_short else _FLOAT32_BYTES
    layers = shape.num_groups * shape.inner_group_num
    joined = parameters.layers if is_short else 3 * layers * shape.hidden_dim**2
    activations, scores = _kept(shape, setup, KEPT[is_short], width)
    shared_gradients = shape.applications * layer_parameters(shape) * width
    sums = weights if setup.accumulation > 1 else 0
    always = weights + joined * width + MOMENTS * weights + sums
    kept = activations + scores
    scored = setup.rows * setup.scored_positions
    pieces = scored * shape.vocabulary_size * PIECE_BYTES[is_short]
    backward = kept + shared_gradients if setup.checkpointing else max(kept, shared_gradients)
    tensors = always + max(backward, kept + pieces, _UPDATE * weights)
    slack = round(SLACK * tensors)
    framework = FRAMEWORK_BYTES[setup.is_gpu]
    return StepMemory(
        framework=framework,
        weights=weights,
        casts=joined * width,
        moments=MOMENTS * weights,
        sums=sums,
        activations=activations,
        scores=scores,
        pieces=pieces,
        shared_gradients=shared_gradients,
        update=_UPDATE * weights,
        slack=slack,
        total=framework + tensors + slack,
    )


def _kept(shape: ModelShape, setup: StepSetup, kept: KeptTensors, width: int) -> tuple[int, int]:
    """Returns the bytes of activations and of scores at the end of the forward pass.

    One application more than are kept stands for what is being computed.
    """
    tokens = setup.rows * setup.length
    layer = tokens * (kept.hidden * shape.hidden_dim + kept.intermediate * shape.intermediate_dim)
    # Flash attention keeps one float32 of each row of scores.
    row = _FLOAT32_BYTES if setup.fused_attention else kept.scores * setup.length
    scores = row * setup.rows * shape.num_heads * setup.length
    if setup.checkpointing:
        inputs = shape.applications * tokens * shape.hidden_dim * width
        return 2 * layer + inputs, 2 * scores
    return (shape.applications + 1) * layer, (shape.applications + 1) * scores
