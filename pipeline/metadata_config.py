"""The `metadata` section of the run config: which database ML Metadata is kept in."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from schemas.section import Section

_SERVER_KEYS = ("host", "database", "user")


class MetadataConfig(Section):
    """The database of ML Metadata: what was made from what, and what the cache knows."""

    backend: Literal["sqlite", "mysql"] = Field(
        default="sqlite",
        description="sqlite, a file of this machine; mysql, a server that several machines share.",
    )
    file: str | None = Field(
        default=None, description="sqlite: the file; unset: `<output>/metadata.sqlite`."
    )
    host: str | None = Field(default=None, min_length=1, description="Name of the server.")
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None, description="Its port; unset: 3306."
    )
    database: str | None = Field(
        default=None, min_length=1, description="Name of the database; made where it is missing."
    )
    user: str | None = Field(default=None, min_length=1, description="Who connects.")
    password_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = Field(
        default="ALBERT_TFX_METADATA_PASSWORD",
        description="Environment variable that holds the password, which no config does.",
    )

    @model_validator(mode="after")
    def _keys_of_the_backend(self) -> Self:
        given = [key for key in (*_SERVER_KEYS, "port") if getattr(self, key) is not None]
        if self.backend == "sqlite" and given:
            raise ValueError(
                f"{', '.join(given)} must not be given for the backend sqlite; "
                "set metadata.backend to mysql, or leave them out"
            )
        missing = [key for key in _SERVER_KEYS if key not in given]
        if self.backend != "sqlite" and missing:
            raise ValueError(
                f"the backend {self.backend} needs {', '.join(_SERVER_KEYS)}; "
                f"received no {', '.join(missing)}"
            )
        if self.backend != "sqlite" and self.file is not None:
            raise ValueError(
                f"file must not be given for the backend {self.backend}; received {self.file!r}"
            )
        return self

    @property
    def server_port(self) -> int:
        """Port of the server."""
        return self.port or 3306
