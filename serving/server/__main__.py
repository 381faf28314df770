"""`python -m serving.server`, and what `albert-tfx serve` runs."""

import logging
import sys
from collections.abc import Sequence

from schemas.errors import AlbertTfxError
from serving.quiet import silence_libraries
from serving.server.flags import parse_flags


def main(
    arguments: Sequence[str] | None = None, *, program: str = "python -m serving.server"
) -> None:
    """Serves until SIGTERM or Ctrl-C.

    Args:
      arguments: Flags; unset: those of the process.
      program: Name of the command in its help.

    Raises:
      AlbertTfxError: If the server cannot start; the message says what to do.
    """
    flags = parse_flags(sys.argv[1:] if arguments is None else arguments, program=program)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    silence_libraries()  # what a load or a request fails with is logged here, or answered
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    # After the flags: TensorFlow takes ten seconds, and --help must not.
    from serving.server.app import Server

    Server(flags).run()


if __name__ == "__main__":
    try:
        main()
    except AlbertTfxError as problem:
        sys.exit(f"error: {problem}")
