"""`albert-tfx canary`."""

from typing import Annotated

import typer

from pipeline.commands.arguments import ModelBase, Reason

EXIT_ROLLED_BACK = 3
"""The canary was worse than the live version, and was taken back."""


def canary(  # noqa: PLR0913 - an option each
    version: Annotated[int, typer.Argument(min=1, help="The version that is put on trial.")],
    *,
    model_base: ModelBase,
    percent: Annotated[
        float, typer.Option(min=0, max=100, help="Its share of the requests at the gateway.")
    ] = 5.0,
    reason: Reason = "",
    watch: Annotated[
        bool, typer.Option("--watch", help="Wait, and promote it or take it back by the rules.")
    ] = False,
    gateway: Annotated[
        str, typer.Option(help="REST port of the gateway, for its metrics.")
    ] = "http://localhost:8601",
    min_requests: Annotated[
        int, typer.Option(min=1, help="Requests before anything is decided.")
    ] = 200,
    max_error_rate: Annotated[
        float, typer.Option(min=0, max=1, help="Largest share of requests that it may fail.")
    ] = 0.01,
    max_latency_ratio: Annotated[
        float, typer.Option(min=0.01, help="Largest 95th percentile as a multiple of the live's.")
    ] = 1.5,
    min_agreement: Annotated[
        float, typer.Option(min=0, max=1, help="Smallest share decided as the live version does.")
    ] = 0.9,
    min_compared: Annotated[
        int, typer.Option(min=0, help="Compared requests before it may be promoted.")
    ] = 20,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 10.0,
    max_seconds: Annotated[
        float, typer.Option(min=1, help="Seconds after which the watch is given up.")
    ] = 86400.0,
) -> None:
    """Put a version on trial with a share of the requests; with --watch, decide by its metrics.

    Exit code with --watch: 0 promoted; 3 taken back; 1 nothing could be decided.
    """
    from pipeline.release import describe, watch_and_say
    from serving.control.changes import start_canary
    from serving.control.verdict import CanaryRules

    release = start_canary(model_base, version, percent, reason=reason)
    typer.echo(describe(release, model_base))
    if not watch:
        return
    rules = CanaryRules(
        min_requests=min_requests,
        max_error_rate=max_error_rate,
        max_latency_ratio=max_latency_ratio,
        min_agreement=min_agreement,
        min_compared=min_compared,
    )
    verdict = watch_and_say(model_base, gateway, rules, interval, max_seconds, typer.echo)
    if verdict.decision == "rollback":
        raise typer.Exit(EXIT_ROLLED_BACK)
