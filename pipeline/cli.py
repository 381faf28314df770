"""The command line, `albert-tfx`. TensorFlow is imported only by the commands that need it."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from schemas.errors import AlbertTfxError

app = typer.Typer(
    name="albert-tfx",
    help="Text files in; a gated, versioned ALBERT model in TensorFlow Serving out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

EXIT_REFUSED = 3
"""The run went through and the gate refused the candidate: what is served stays as it was."""

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a value of the config, such as train.steps=100.",
    ),
]


@app.command()
def run(
    config: Annotated[Path, typer.Argument(help="The run config (YAML).")],
    overrides: Overrides = None,
) -> None:
    """Run a config end to end: ingest, validate, train, evaluate, publish.

    Exit code 0: published, or live already; 1: a step failed; 2: something given must be changed;
    3: the gate refused the candidate.
    """
    from pipeline.loading import load_config
    from pipeline.run import run as run_config

    report = run_config(load_config(config, overrides or ()))
    if report.status == "refused":
        raise typer.Exit(EXIT_REFUSED)


@app.command()
def init(
    files: Annotated[
        list[Path],
        typer.Argument(help="Labelled text files: TSV, CSV, JSONL or TFRecord, plain or .gz."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The config to write.")] = Path(
        "config.yaml"
    ),
    text: Annotated[
        str | None, typer.Option(help="Name or 0-based position of the text column.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Name or 0-based position of the label column.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite an existing config and schema.")
    ] = False,
) -> None:
    """Look at labelled files, say what is in them, and write a config and a schema to review."""
    from pipeline.console import make_console
    from pipeline.init import init_project

    init_project(files, output, text=text, label=label, force=force, console=make_console())


@app.command()
def predict(
    model_base: Annotated[
        Path, typer.Option(help="Folder of the versions, `<output>/serving` of a run.")
    ],
    texts: Annotated[
        list[str] | None, typer.Argument(help="Texts; unset: one a line from --input or stdin.")
    ] = None,
    version: Annotated[
        int | None, typer.Option(help="Version; unset: the one that is live.")
    ] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", help="File with one text a line.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, max=4096, help="Texts a request.")] = 32,
) -> None:
    """Ask a published model, as TensorFlow Serving would; one JSON object a line."""
    from pipeline.predict import predict_lines

    for line in predict_lines(
        model_base, texts or None, version=version, input_file=input_file, batch_size=batch_size
    ):
        typer.echo(line)


@app.command()
def models(
    model_base: Annotated[
        Path, typer.Argument(help="Folder of the versions, `<output>/serving` of a run.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the published versions: which is live, how good, from which data and code."""
    from pipeline.console import make_console
    from pipeline.inventory import show_models

    show_models(model_base, make_console(), as_json=as_json)


def main() -> None:
    """Runs the command line; known errors end it with a message and their exit code."""
    try:
        app()
    except AlbertTfxError as error:
        Console(stderr=True, highlight=False).print(
            f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True
        )
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
