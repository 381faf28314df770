"""`albert-tfx export`."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.arguments import Vocabulary, WeightsSource


def export(
    source: WeightsSource,
    model_base: Annotated[
        Path,
        typer.Argument(metavar="DEST", help="Model base that gets the next version, as DEST/1."),
    ],
    label: Annotated[
        list[str] | None,
        typer.Option(
            help="A label or tag, in the order of the outputs; unset: those of the source."
        ),
    ] = None,
    max_length: Annotated[
        int | None, typer.Option(help="Longest input in tokens; unset: the weights' positions.")
    ] = None,
    vocabulary: Vocabulary = None,
    pair: Annotated[
        bool, typer.Option("--pair", help="A classifier was fine-tuned on two texts a row.")
    ] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="An option of the task, such as task.unanswerable=false, or "
            "model.serving_precision=bfloat16.",
        ),
    ] = None,
) -> None:
    """Publish a model that was fine-tuned elsewhere for TensorFlow Serving, without training.

    The version takes raw text and answers as those of a run do: with labels, entities, options ...
    """
    from pipeline.export import export_fine_tuned

    export_fine_tuned(
        source,
        model_base,
        labels=label or (),
        max_length=max_length,
        vocabulary=vocabulary,
        pair=pair,
        overrides=overrides or (),
    )
