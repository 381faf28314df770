"""What is looked at over the network before a run or a schedule is sent: buckets and the image."""

from __future__ import annotations

from kubeflow.buckets import bucket_problems
from kubeflow.locations import Target
from kubeflow.registry import LookError, image_problem
from kubeflow.submission import Submission
from pipeline.config import RunConfig
from schemas.errors import UserError


def look_before(submission: Submission, config: RunConfig, target: Target) -> list[str]:
    """Looks whether what a run needs is there.

    Buckets are looked at for Vertex alone: those of a cluster are seen with its own credentials.

    Returns:
      What could not be looked at, in words.

    Raises:
      UserError: With everything that is wrong, one line each.
    """
    problems = bucket_problems(config) if target == "vertex" else []
    notes = []
    try:
        if problem := image_problem(submission.image):
            problems.append(problem)
    except LookError as error:
        notes.append(
            f"the image was not looked at ({error}); without albert-tfx in it, "
            "the first step ends with: No module named 'kubeflow'"
        )
    if problems:
        raise UserError(
            "\n  ".join(
                [
                    "nothing was sent, for the run would fail (--unchecked sends it all the same, "
                    "such as where its account may do more than you):",
                    *problems,
                ]
            )
        )
    return notes
