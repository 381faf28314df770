"""The record of a publication: what became of the candidate, and what is live now."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Publication(BaseModel):
    """What `Publish` did.

    Attributes:
      status: "published", "up_to_date" (this very model is live already, or was rolled back) or
        "refused".
      reasons: Why it was refused, a sentence each; empty where it was not.
      model_base: Folder of the versions.
      version: Number of the candidate's version; null where it was refused.
      path: Folder of that version; empty where it was refused.
      live_version: The version that TensorFlow Serving serves now; null where there is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["published", "up_to_date", "refused"]
    reasons: tuple[str, ...] = ()
    model_base: str
    version: int | None = None
    path: str = ""
    live_version: int | None = None

    @property
    def summary(self) -> str:
        """The publication in one line."""
        live = f"version {self.live_version} stays live" if self.live_version else "nothing is live"
        is_live = self.version == self.live_version
        if self.status == "published":
            waits = f"version {self.version} waits for `albert-tfx promote`; {live}"
            return f"version {self.version} is live" if is_live else waits
        if self.status == "up_to_date":
            rolled_back = f"version {self.version} is this model and was rolled back; {live}"
            return (
                f"version {self.version} is this model and live already" if is_live else rolled_back
            )
        return f"refused; {live}"
