"""Which column of a file plays which role."""

from components.ingest.config import IngestConfig
from components.ingest.formats.base import Format, Layout
from models.tasks.base import Task
from schemas.errors import UserError


def resolve_columns(
    path: str, layout: Layout, source_format: Format, config: IngestConfig, task: Task
) -> dict[str, int | str]:
    """Returns where each role stands: a position, or a name where rows name their columns.

    Args:
      path: The file, for messages.
      layout: What the beginning of the file shows.
      source_format: Its format.
      config: `columns` by role; a role of the task that is not in it is looked for by its own name.
      task: Says which roles there are and which a file must have.

    Raises:
      UserError: If a column is not in the file.
    """
    found: dict[str, int | str] = {}
    for role in dict.fromkeys((*task.columns, *config.columns)):
        wanted = config.columns.get(role, role)
        if (
            role not in config.columns
            and role not in task.required_columns
            and wanted not in layout.names
        ):
            continue
        if isinstance(wanted, int):
            found[role] = _position(path, role, wanted, layout, source_format)
        else:
            found[role] = _named(path, role, wanted, layout, source_format, config)
    return found


def _position(path: str, role: str, position: int, layout: Layout, source_format: Format) -> int:
    if not source_format.by_position or layout.width is None:
        raise UserError(
            f"{path}: ingest.columns.{role} must be a name, received {position}; "
            f"there are {_listed(layout)}"
        )
    if not 0 <= position < layout.width:
        raise UserError(
            f"{path}: ingest.columns.{role} must be between 0 and {layout.width - 1}, "
            f"received {position}; the file has {layout.width} columns; give the position of "
            "another, or set ingest.header: true and its name where the first line names them"
        )
    return position


def _named(
    path: str, role: str, name: str, layout: Layout, source_format: Format, config: IngestConfig
) -> int | str:
    if source_format.by_position and not config.header:
        raise UserError(
            f"{path}: without a header, ingest.columns.{role} must be a 0-based position; "
            f"{_position_hint(layout, config)}"
        )
    if name not in layout.names:
        hint = f"set ingest.columns.{role} to one of them"
        if source_format.by_position:
            hint += (
                f"; if that line is data, the file has no header: {_position_hint(layout, config)}"
            )
        raise UserError(
            f"{path}: there is no column {name!r} for {role}; "
            f"the columns are {_listed(layout)}; {hint}"
        )
    if not source_format.by_position:
        return name
    if layout.names.count(name) > 1:
        raise UserError(
            f"{path}: the header has {name!r} more than once; "
            f"set ingest.columns.{role} to its position"
        )
    return layout.names.index(name)


def _position_hint(layout: Layout, config: IngestConfig) -> str:
    """Returns the settings of a file without header, with the user's own roles in them."""
    roles = list(config.columns) or ["text", "label"]
    example = ", ".join(
        f"{role}: {position}" for position, role in enumerate(roles[: layout.width or len(roles)])
    )
    return f"set ingest.header: false and ingest.columns: {{{example}}}, by position"


def _listed(layout: Layout) -> str:
    names = [repr(name if len(name) <= 40 else name[:39] + "…") for name in layout.names[:12]]
    return ", ".join(names) + (", …" if len(layout.names) > len(names) else "")
