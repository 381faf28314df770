"""`albert-tfx weights`: weights of other frameworks in and out."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.arguments import Vocabulary, WeightsSource

weights = typer.Typer(
    name="weights",
    help="Bring ALBERT weights in from other frameworks, and out to them.",
    no_args_is_help=True,
)


@weights.command("import")
def import_(
    source: WeightsSource,
    destination: Annotated[
        Path, typer.Argument(metavar="DEST", help="Folder to make, for model.weights of a config.")
    ],
    vocabulary: Vocabulary = None,
) -> None:
    """Turn weights into a KerasHub preset, with the heads that they come with."""
    from pipeline.weights import import_to

    import_to(source, destination, vocabulary=vocabulary)


@weights.command("export-hf")
def export_hf(
    source: WeightsSource,
    destination: Annotated[
        Path, typer.Argument(metavar="DEST", help="Folder to make, for `from_pretrained`.")
    ],
    vocabulary: Vocabulary = None,
) -> None:
    """Turn a trained model, or any weights, into a folder that Hugging Face transformers loads."""
    from pipeline.weights import export_to

    export_to(source, destination, vocabulary=vocabulary)
