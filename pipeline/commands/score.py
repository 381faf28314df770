"""`albert-tfx score`."""

from typing import Annotated

import typer

from pipeline.commands.arguments import ConfigFile, Overrides

EXIT_DROPPED = 3
"""The model is worse on these rows than when it was published."""
EXIT_TOO_FEW = 4
"""There are too few labelled rows to tell."""


def score(
    config: ConfigFile,
    files: Annotated[str, typer.Argument(help="File or glob of labelled rows.")],
    overrides: Overrides = None,
    *,
    version: Annotated[
        int | None, typer.Option(min=1, help="Version to measure; unset: the live one.")
    ] = None,
    min_rows: Annotated[int, typer.Option(min=1, help="Rows before anything is said.")] = 200,
    max_drop: Annotated[
        float, typer.Option(min=0, help="How much worse the first metric may be.")
    ] = 0.05,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure the live model on rows that were labelled since, beside what it was worth.

    Exit code 0: about as good; 3: worse than --max-drop allows; 4: too few rows to tell.
    """
    from rich.console import Console

    from pipeline.console import make_console
    from pipeline.loading import load_config
    from pipeline.score import score_files, score_table

    report = score_files(
        load_config(config, overrides or ()),
        files,
        Console(stderr=True),
        version=version,
        min_rows=min_rows,
        max_drop=max_drop,
    )
    console = make_console()
    if as_json:
        console.print_json(report.model_dump_json())
    else:
        console.print(score_table(report))
        console.print(report.sentence, soft_wrap=True)
    if report.status != "stable":
        raise typer.Exit(EXIT_DROPPED if report.status == "dropped" else EXIT_TOO_FEW)
