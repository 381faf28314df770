"""The command line, `albert-tfx`: puts the commands together and turns errors into exit codes."""

import sys

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.commands.canary import canary
from pipeline.commands.compile import compile_pipeline
from pipeline.commands.drift import drift
from pipeline.commands.export import export
from pipeline.commands.gateway import gateway
from pipeline.commands.infer import infer
from pipeline.commands.init import init
from pipeline.commands.models import models
from pipeline.commands.plan import plan
from pipeline.commands.predict import predict
from pipeline.commands.promote import promote
from pipeline.commands.rollback import rollback
from pipeline.commands.run import run
from pipeline.commands.schedule import schedule
from pipeline.commands.score import score
from pipeline.commands.serve import PASS_ON, serve
from pipeline.commands.submit import submit
from pipeline.commands.tune_serving import tune_serving
from pipeline.commands.watch import watch
from pipeline.commands.weights import weights
from schemas.errors import AlbertTfxError

app = typer.Typer(
    name="albert-tfx",
    help="Text files in; a gated, versioned ALBERT model in TensorFlow Serving out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

for command in (
    run,
    init,
    plan,
    submit,
    predict,
    infer,
    export,
    models,
    promote,
    rollback,
    canary,
    gateway,
    drift,
    score,
    watch,
):
    app.command()(command)
app.command(context_settings=PASS_ON)(serve)
app.command("compile")(compile_pipeline)
app.command("tune-serving")(tune_serving)
app.add_typer(weights)
app.add_typer(schedule)


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
