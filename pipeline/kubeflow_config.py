"""The `kubeflow` section of the run config: where steps elsewhere find and leave their files."""

from typing import Annotated

from pydantic import Field, field_validator

from pipeline.submit_config import ClusterConfig, VertexConfig
from schemas.section import Section

Root = Annotated[str, Field(pattern=r"^(gs://[a-z0-9]|/)[^\s]*$")]


class KubeflowConfig(Section):
    """What `albert-tfx compile` needs beside the rest of the config."""

    image: str = Field(
        min_length=1,
        description="Image of every step (kubeflow/Dockerfile); best with its digest.",
    )
    state_root: Root = Field(
        description="Folder of what runs leave for later ones: checkpoints, statistics, the model "
        "base. In the place of `output`; gs:// on Vertex, below a volume on Kubeflow.",
    )
    data_root: Root | None = Field(
        default=None, description="Folder that relative paths of the config start at."
    )
    pipeline_root: str | None = Field(
        default=None,
        pattern=r"^(gs|s3|minio)://[^\s]+$",
        description="Where artifacts go; gs:// on Vertex; unset: the cluster's own.",
    )
    volumes: dict[str, str] = Field(
        default_factory=dict,
        description="Kubeflow: folder that each persistent volume claim is mounted at.",
    )
    vertex: VertexConfig | None = Field(
        default=None, description="Where `submit` and `schedule` send to with --target vertex."
    )
    cluster: ClusterConfig = Field(
        default=ClusterConfig(), description="Where they send to with --target kubeflow."
    )

    @field_validator("volumes")
    @classmethod
    def _absolute_folders(cls, volumes: dict[str, str]) -> dict[str, str]:
        wrong = {claim: path for claim, path in volumes.items() if not path.startswith("/")}
        if wrong:
            raise ValueError(f"volumes must be mounted at absolute folders; received {wrong}")
        return volumes
