"""What `promote`, `rollback` and `canary` say of what is live."""

from collections.abc import Callable
from pathlib import Path

from serving.control.model_config import MODEL_CONFIG_FILE
from serving.control.release import Release
from serving.control.verdict import CanaryRules, Verdict


def describe(release: Release, model_base: Path) -> str:
    """Returns what is live now and where TensorFlow Serving reads it."""
    served = [f"{version} ({release.role(version)})" for version in reversed(release.served)]
    lines = [
        f"{release.model}: version {release.stable} is live; served: {', '.join(served)}",
        f"TensorFlow Serving reads it with --model_config_file={model_base / MODEL_CONFIG_FILE} "
        "--model_config_file_poll_wait_seconds=5",
    ]
    if release.canary is not None and release.canary.version > release.stable:
        lines.append(
            "while the canary runs, ask through `albert-tfx gateway` or with the label stable: "
            f"requests without a label go to the highest version, {release.canary.version}"
        )
    return "\n".join(lines)


def watch_and_say(
    model_base: Path,
    gateway: str,
    rules: CanaryRules,
    interval_seconds: float,
    max_seconds: float,
    say: Callable[[str], object],
) -> Verdict:
    """Watches the canary and says each new verdict in a line.

    Args:
      model_base: Folder of the versions.
      gateway: http://HOST:PORT of the gateway's REST port.
      rules: What the canary must do.
      interval_seconds: Time between two looks.
      max_seconds: Time after which it is given up.
      say: Prints a line.

    Returns:
      The verdict that was carried out.

    Raises:
      AlbertTfxError: If nothing could be decided.
    """
    from serving.control.watch import gateway_reader, watch_canary

    last = ""

    def said(verdict: Verdict) -> None:
        nonlocal last
        line = f"{verdict.decision}: {'; '.join(verdict.reasons)}"
        if line != last:
            say(line)
        last = line

    return watch_canary(
        model_base,
        gateway_reader(gateway),
        rules,
        interval_seconds=interval_seconds,
        max_seconds=max_seconds,
        said=said,
    )
