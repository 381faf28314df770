"""The sections `kubeflow.vertex` and `kubeflow.cluster`: whom runs and schedules are sent to."""

from pydantic import Field

from schemas.section import Section


class VertexConfig(Section):
    """The Vertex AI project that `albert-tfx submit` and `schedule` send to."""

    project: str = Field(
        pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$", description="Google Cloud project, by its id."
    )
    region: str = Field(
        pattern=r"^[a-z]+-[a-z]+[0-9]+$", description="Region of the runs, such as europe-west4."
    )
    service_account: str | None = Field(
        default=None,
        pattern=r"^[^@\s]+@[^@\s]+$",
        description="Account that steps run as; unset: the project's default.",
    )
    network: str | None = Field(
        default=None,
        pattern=r"^projects/[^/\s]+/global/networks/[^/\s]+$",
        description="Network that steps are peered with: `projects/NUMBER/global/networks/NAME`.",
    )
    kms_key: str | None = Field(
        default=None,
        pattern=r"^projects/[^/\s]+/locations/[^/\s]+/keyRings/[^/\s]+/cryptoKeys/[^/\s]+$",
        description="Key that encrypts what Vertex keeps of a run; unset: Google's own.",
    )


class ClusterConfig(Section):
    """The Kubeflow Pipelines that `albert-tfx submit` and `schedule` send to."""

    host: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/]+[^\s]*$",
        description="Address of the API; unset: the cluster around, or the one of kubectl.",
    )
    namespace: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
        description="Namespace of the runs, where Kubeflow has several users.",
    )
    experiment: str = Field(
        default="Default", min_length=1, description="Experiment that runs belong to."
    )
    service_account: str | None = Field(
        default=None, description="Kubernetes account that steps run as; unset: Kubeflow's own."
    )
