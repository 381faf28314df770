"""`albert-tfx compile`."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.arguments import ConfigFile, Overrides, Target


def compile_pipeline(
    config: ConfigFile,
    out: Annotated[Path, typer.Argument(help="File to write, such as pipeline.yaml.")],
    target: Target,
    overrides: Overrides = None,
) -> None:
    """Compile a config to a pipeline for Vertex AI or Kubeflow Pipelines; nothing is started.

    Exit code 0: written; 2: something given must be changed.
    """
    from kubeflow.compiler import compile_config
    from pipeline.loading import load_config
    from schemas.errors import UserError

    loaded = load_config(config, overrides or ())
    text = compile_config(loaded, target.value)
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error}); name another file") from error
    policy = "; a run first looks whether it is due (watch)" if loaded.is_watched else ""
    typer.echo(f"{out}: for {target.value}, {len(text.encode()):,} bytes{policy}")
