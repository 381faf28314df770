"""`albert-tfx infer`: the rows of files in, a published model's answers out."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from pipeline.config import RunConfig
from schemas.errors import UserError
from schemas.progress import Progress, listening
from serving.quiet import silence_libraries


def infer_file(
    config: RunConfig,
    pattern: str,
    output: Path,
    console: Console,
    *,
    version: int | None = None,
    batch_size: int = 32,
) -> None:
    """Answers every row of files with a version of the config's model, and says how many.

    Args:
      config: Of the run that published the model.
      pattern: Input file or glob.
      output: File of the answers.
      console: Shows the progress.
      version: Number of a version; None: the live one.
      batch_size: Rows that the model answers at once.

    Raises:
      UserError: If there is no such version, input or output cannot be used, or the config sends
        Beam's work to other machines.
      AlbertTfxError: If the model cannot be served, or fails.
    """
    from serving.versions import version_dir

    if config.beam.is_distributed:
        raise UserError(
            "beam.runner must be direct for bulk inference, which reads the model and writes the "
            f"answers on this machine; received {config.beam.runner}; add --set beam={{}}"
        )
    model_dir = version_dir(config.model_base, version)
    silence_libraries()
    with console.status("loading TensorFlow and Beam") as status:
        from components.inference.run import REJECTED_ENDING, infer

        def show(progress: Progress) -> None:
            rate = progress.figures["rows/s"]
            status.update(f"{progress.done:,} rows answered, {rate:,.0f} rows/s")

        with listening(show):
            counts = infer(
                pattern,
                output,
                config.ingest,
                config.task_record(),
                model_dir=model_dir,
                batch_size=batch_size,
            )
    answered, num_rejected = counts.accepted.total(), counts.rejected.total()
    console.print(
        f"{answered:,} rows answered by version {model_dir.name}: {output}",
        soft_wrap=True,
        markup=False,
    )
    if num_rejected:
        reasons = ", ".join(f"{number} {reason}" for reason, number in counts.rejected.items())
        console.print(
            f"{num_rejected:,} rows rejected ({reasons}): {output}{REJECTED_ENDING}",
            soft_wrap=True,
            markup=False,
        )
