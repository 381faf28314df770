"""`albert-tfx promote`."""

from typing import Annotated

import typer

from pipeline.commands.arguments import BasePath, ModelBase, Reason, ServedModel


def promote(
    version: Annotated[int, typer.Argument(min=1, help="The version that is to be live.")],
    *,
    model_base: ModelBase,
    reason: Reason = "",
    model: ServedModel = None,
    base_path: BasePath = None,
) -> None:
    """Make a version the live one; a lower one that was live stays loaded, for a rollback."""
    from pipeline.release import describe
    from serving.control.changes import name_release
    from serving.control.changes import promote as promote_version

    if model or base_path:
        name_release(model_base, model=model, base_path=base_path)
    typer.echo(describe(promote_version(model_base, version, reason=reason), model_base))
