"""The config sections of what is trained: vocabulary, model, training, baselines."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from models.recipes import OptimizerName, RecipeName
from models.tuning.config import TuneConfig
from schemas.section import Section

Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
ServingPrecision = Literal["float32", "bfloat16"]


class VocabularyConfig(Section):
    """Where the SentencePiece vocabulary comes from."""

    model: str | None = Field(
        default=None,
        description="A SentencePiece .model or .spm file; unset: trained on the training split.",
    )
    size: Annotated[int, Field(ge=64, le=250_000)] = Field(
        default=30_000, description="Pieces, when it is trained."
    )
    algorithm: Literal["unigram", "bpe"] = Field(
        default="unigram",
        description="unigram, as the original; bpe keeps frequent words whole on small data.",
    )
    character_coverage: Annotated[float, Field(gt=0.9, le=1.0)] = Field(
        default=1.0, description="Share of the characters that get a piece, when it is trained."
    )
    max_sentences: PositiveInt = Field(
        default=1_000_000, description="Rows sampled at most, when it is trained."
    )


class ModelConfig(Section):
    """The ALBERT backbone: a named size, with single dimensions to override."""

    size: str = Field(
        default="albert-base-v2",
        description="A name of models.presets, such as albert-base-v2 or albert-tiny.",
    )
    weights: str | None = Field(
        default=None,
        description="Weights to start from: a KerasHub preset, a Hugging Face folder, a TF1 "
        "checkpoint, or a name such as albert-base-v2; unset: random weights.",
    )
    reuse: Literal["all", "token_embeddings"] = Field(
        default="all",
        description="What of `weights` training starts from; token_embeddings: these alone, scaled "
        "to initializer_range, and random weights elsewhere, a better start where little text "
        "taught them.",
    )
    max_length: Annotated[int, Field(ge=8, le=512)] = Field(
        default=128, description="Longest input in tokens; longer text is cut."
    )
    embedding_dim: PositiveInt | None = Field(
        default=None, description="Overrides the size's embedding width."
    )
    hidden_dim: PositiveInt | None = Field(
        default=None, description="Overrides the size's hidden width."
    )
    intermediate_dim: PositiveInt | None = Field(
        default=None, description="Overrides the size's feed-forward width."
    )
    num_layers: PositiveInt | None = Field(
        default=None, description="Overrides how often the shared layer is applied."
    )
    num_heads: PositiveInt | None = Field(
        default=None, description="Overrides the number of attention heads."
    )
    initializer_range: PositiveFloat | None = Field(
        default=None, description="Overrides the size's standard deviation of random weights."
    )
    serving_precision: ServingPrecision = Field(
        default="float32",
        description="Number format of the matrix products in what is served; bfloat16 is for CPUs "
        "with AVX512-BF16 or AMX.",
    )
    dropout: Fraction | None = Field(
        default=None,
        description="Dropout inside the backbone; unset: that of the weights, 0 where they are "
        "random (as in ALBERT v2).",
    )
    classifier_dropout: Fraction | None = Field(
        default=None,
        description="Dropout before the head; unset: that of the weights, 0.1 where they say none.",
    )


class RateFactors(Section):
    """What the learning rate is multiplied by, for each group of weights; 0 freezes a group."""

    embeddings: Annotated[float, Field(ge=0.0)] = Field(
        default=1.0,
        description="Token, position and segment embeddings, their LayerNorm and projection.",
    )
    shared: Annotated[float, Field(ge=0.0)] = Field(
        default=1.0, description="The shared transformer layers and the pooler."
    )
    head: Annotated[float, Field(ge=0.0)] = Field(default=1.0, description="The task's own layers.")


class TrainConfig(Section):
    """Fine-tuning. Unset values come from the recipe."""

    recipe: RecipeName | None = Field(
        default=None,
        description="Learning rate, batch, steps and warm-up of the ALBERT paper for this data "
        "set; unset: the task's recipe.",
    )
    optimizer: OptimizerName | None = Field(
        default=None, description="lamb wants rates some ten times as high; unset: the recipe's."
    )
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = Field(
        default="auto",
        description="auto: bf16 where the hardware gains by it, fp16 on older GPUs, else float32.",
    )
    learning_rate: PositiveFloat | None = Field(default=None, description="Peak learning rate.")
    rate_factors: RateFactors = Field(
        default_factory=RateFactors, description="Learning rates by group of weights."
    )
    batch_size: PositiveInt | None = Field(
        default=None, description="Rows computed at a time, on all devices together."
    )
    accumulation: PositiveInt = Field(
        default=1,
        description="Batches whose gradients are averaged for one step: a batch this many times "
        "as large, in the memory of one.",
    )
    epochs: PositiveFloat | None = Field(
        default=None, description="Passes over the training split; give this or steps."
    )
    steps: PositiveInt | None = Field(
        default=None, description="Optimizer steps; give this or epochs."
    )
    warmup_ratio: Fraction | None = Field(
        default=None,
        description="Share of the steps in which the learning rate rises; unset: the recipe's.",
    )
    weight_decay: Annotated[float, Field(ge=0.0)] = Field(
        default=0.01, description="Not on LayerNorm and bias."
    )
    clip_norm: PositiveFloat = Field(
        default=1.0, description="Global norm that gradients are clipped to."
    )
    gradient_checkpointing: bool = Field(
        default=False,
        description="Compute activations again for the gradients: less memory, a third more time.",
    )
    eval_every: PositiveInt | None = Field(
        default=None, description="Steps between dev evaluations and checkpoints; unset: 10 a run."
    )
    early_stopping: PositiveInt | None = Field(
        default=None,
        description="Dev evaluations without a better one after which training ends; unset: never.",
    )
    distribution: Literal["auto", "none", "mirrored", "multi_worker"] = Field(
        default="auto",
        description="auto: multi_worker where TF_CONFIG names several workers, mirrored where "
        "there are several GPUs.",
    )
    stop_when_stuck: bool = Field(
        default=True,
        description="Ends a run whose training loss is, for half of the steps, no better than that "
        "of always giving the same answer.",
    )
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = Field(
        default=(0,),
        description="Seeds of weights, order of rows and dropout: one training each, the best on "
        "dev is kept.",
    )
    tune: TuneConfig | None = Field(
        default=None,
        description="Search for hyperparameters first, and train with the best; unset: no search.",
    )

    @field_validator("seeds")
    @classmethod
    def _different(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) != len(seeds):
            raise ValueError(f"seeds must differ; received {list(seeds)}; name each once")
        return seeds

    @model_validator(mode="after")
    def _steps_or_epochs(self) -> "TrainConfig":
        if self.steps is not None and self.epochs is not None:
            raise ValueError(
                f"give steps or epochs, not both; received steps={self.steps}, epochs={self.epochs}"
            )
        return self


class BaselinesConfig(Section):
    """Simple models that the candidate is measured against."""

    include: tuple[str, ...] | None = Field(
        default=None, description="Names of the task's baselines; unset: all of them."
    )
    ngrams: Annotated[int, Field(ge=1, le=3)] = Field(
        default=2, description="Longest word n-gram of the TF-IDF baseline."
    )
    max_terms: PositiveInt = Field(
        default=50_000, description="Most frequent n-grams that the TF-IDF baseline keeps."
    )
