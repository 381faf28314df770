"""What `promote`, `rollback` and `canary` say of what is live."""

from pathlib import Path

from serving.control.model_config import MODEL_CONFIG_FILE
from serving.control.release import Release


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
