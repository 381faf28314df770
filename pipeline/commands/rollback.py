"""`albert-tfx rollback`."""

from typing import Annotated

import typer

from pipeline.commands.arguments import ModelBase, Reason


def rollback(
    *,
    model_base: ModelBase,
    to: Annotated[
        int | None, typer.Option(min=1, help="The version to go back to; unset: the one before.")
    ] = None,
    reason: Reason = "",
) -> None:
    """Take the last change back: end the canary, or make live again what was live before it.

    Given again, it goes one step further back; `promote` takes it back.
    """
    from pipeline.release import describe
    from serving.control.changes import rollback as take_back

    typer.echo(describe(take_back(model_base, to, reason=reason), model_base))
