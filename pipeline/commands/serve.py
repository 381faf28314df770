"""`albert-tfx serve`."""

import typer

PASS_ON = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}
"""The flags are TensorFlow Serving's own, told once, in serving/server/flags.py."""


def serve(context: typer.Context) -> None:
    """Serve models as TensorFlow Serving does, over gRPC and REST; `--help` lists its flags."""
    from serving.server.__main__ import main

    main(context.args, program="albert-tfx serve")
