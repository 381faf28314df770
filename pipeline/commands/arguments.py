"""Arguments that several commands take."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class Place(str, Enum):
    """Where a compiled pipeline runs."""

    VERTEX = "vertex"
    KUBEFLOW = "kubeflow"


ConfigFile = Annotated[Path, typer.Argument(help="The run config (YAML).")]

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a value of the config, such as train.steps=100.",
    ),
]

Target = Annotated[Place, typer.Option("--target", help="Where it will run.")]

Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        metavar="NAME=VALUE",
        help="What a run is given: span, learning_rate, steps, image.",
    ),
]

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be sent, as JSON, and send nothing.")
]

Unchecked = Annotated[
    bool,
    typer.Option("--unchecked", help="Send without a look at the buckets and the image first."),
]

ModelBase = Annotated[
    Path, typer.Option("--model-base", help="Folder of the versions, `<output>/serving` of a run.")
]

Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the history.")]

ServedModel = Annotated[
    str | None,
    typer.Option("--model", help="Name of the served model; unset: as it is, the run's at first."),
]

BasePath = Annotated[
    str | None,
    typer.Option(
        "--base-path",
        help="The folder of the versions as the server sees it, such as /models/reviews.",
    ),
]

WeightsSource = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A folder (KerasHub preset, Hugging Face, TF1 checkpoint), a name such as "
        "albert-base-v2, or OWNER/NAME on the Hugging Face hub.",
    ),
]

Vocabulary = Annotated[
    Path | None,
    typer.Option(help="The SentencePiece model of the weights, where the source has none."),
]
