"""`albert-tfx plan`."""

from typing import Annotated

import typer

from pipeline.commands.arguments import ConfigFile, Overrides

EXIT_DOES_NOT_FIT = 2


def plan(
    config: ConfigFile,
    overrides: Overrides = None,
    device: Annotated[
        str,
        typer.Option(
            help="this, measured for two seconds, or a GPU by name: "
            "h200, h100, a100-80, a100-40, l4, v100, t4."
        ),
    ] = "this",
    rows: Annotated[
        int | None, typer.Option(min=1, help="Training rows; unset: counted in the files.")
    ] = None,
    price: Annotated[
        float | None, typer.Option(min=0.0, help="Price of an hour on the device, for the cost.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what training will need: parameters, FLOPs, memory, steps, hours, cost.

    Exit code 0: it fits the device; 2: it does not.
    """
    from pipeline.console import make_console
    from pipeline.loading import load_config
    from pipeline.plan.device import device_finder
    from pipeline.plan.display import plan_record, show_plan
    from pipeline.plan.plan import make_plan
    from pipeline.pretrained import with_local_weights

    run_config = with_local_weights(load_config(config, overrides or (), trains_here=True))
    made = make_plan(run_config, device_finder(device, run_config), rows=rows, price=price)
    if as_json:
        typer.echo(plan_record(made))
    else:
        show_plan(made, make_console())
    if not made.fits:
        raise typer.Exit(EXIT_DOES_NOT_FIT)
