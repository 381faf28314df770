"""The `kubeflow` section of the run config: where steps elsewhere find and leave their files."""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt, field_validator

from pipeline.submit_config import ClusterConfig, VertexConfig
from schemas.section import Section

Root = Annotated[str, Field(pattern=r"^(gs://[a-z0-9]|/)[^\s]*$")]


class Machine(Section):
    """What one step of a compiled pipeline runs on."""

    accelerator: str | None = Field(
        default=None,
        pattern=r"^([A-Z][A-Z0-9_]+|[a-z0-9.-]+/[a-z0-9.-]+)$",
        description="Vertex: its type, such as NVIDIA_L4; Kubeflow: the resource of the cluster, "
        "such as nvidia.com/gpu.",
    )
    accelerator_count: PositiveInt = Field(default=1, description="How many of them.")
    cpu: PositiveFloat | None = Field(default=None, description="Cores at most; unset: no limit.")
    memory_gb: PositiveFloat | None = Field(
        default=None, description="Memory at most, in GB; unset: no limit."
    )
    machine_type: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$",
        description="Vertex, with `workers` or `spot`: type of the machines, such as "
        "g2-standard-24; it says cores and memory.",
    )
    workers: PositiveInt = Field(
        default=1,
        description="Vertex: machines that train together, each with these accelerators; Trainer "
        "alone.",
    )
    node_labels: dict[str, str] = Field(
        default_factory=dict,
        description="Kubeflow: labels of the nodes that it may run on, such as "
        "cloud.google.com/gke-accelerator: nvidia-l4.",
    )
    spot: bool = Field(
        default=False,
        description="Vertex, and Kubeflow on GKE: whether it runs on a spot machine, which may be "
        "taken away; training then goes on from its last checkpoint.",
    )
    retries: Annotated[int, Field(ge=0, le=20)] | None = Field(
        default=None, description="How often it is started again; unset: 5 with spot, else 0."
    )

    @property
    def num_retries(self) -> int:
        """How often the step is started again."""
        return self.retries if self.retries is not None else 5 * self.spot


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
    machines: dict[str, Machine] = Field(
        default_factory=dict,
        description="Machine of a step by its name, such as Trainer; others take what there is.",
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
