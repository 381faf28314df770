"""The version of the code behind a step: a hash of the sources it can reach.

TFX keys its cache on a dotted function's name, not on its code; this hash goes into the step's
parameters so that a change of code reruns what depends on it. It needs no git checkout.
"""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("schemas", "models", "components", "pipeline", "serving")
LIBRARIES = (
    "tensorflow",
    "tensorflow-text",
    "keras",
    "keras-hub",
    "tfx",
    "tensorflow-model-analysis",
    "scikit-learn",
    "sentencepiece",
)


_counted_libraries: ContextVar[Sequence[str]] = ContextVar("libraries", default=LIBRARIES)


@contextmanager
def libraries_elsewhere() -> Iterator[None]:
    """Leaves this machine's libraries out of the version, for steps that run in an image."""
    token = _counted_libraries.set(())
    try:
        yield
    finally:
        _counted_libraries.reset(token)


def code_version(*modules: str) -> str:
    """Returns a hash of the sources that `modules` reach by imports, and of library versions.

    Args:
      modules: Dotted names; a package stands for every module in it.

    Returns:
      16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for library in _counted_libraries.get():
        digest.update(f"{library}={_library_version(library)};".encode())
    for name, path in sorted(_reached(modules).items()):
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _library_version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def _reached(modules: tuple[str, ...]) -> dict[str, Path]:
    """Returns the source files, by module name, of the import closure of `modules`."""
    found: dict[str, Path] = {}
    waiting = [name for module in modules for name in _with_submodules(module)]
    while waiting:
        name = waiting.pop()
        path = _source(name)
        if name in found or path is None:
            continue
        found[name] = path
        waiting += _imports(path)
    return found


def _with_submodules(name: str) -> Iterator[str]:
    """Yields `name` and, where it is a package, every module below it."""
    yield name
    path = _source(name)
    if path is not None and path.name == "__init__.py":
        for below in sorted(path.parent.rglob("*.py")):
            parts = below.relative_to(path.parent).with_suffix("").parts
            yield ".".join((name, *(part for part in parts if part != "__init__")))


@cache
def _source(name: str) -> Path | None:
    """Returns the file of a module of ours, or None where `name` is something else."""
    top, *below = name.split(".")
    if top not in PACKAGES:
        return None
    spec = find_spec(top)
    if spec is None or spec.origin is None:
        return None
    base = Path(spec.origin).parent.joinpath(*below)
    candidates = (
        (base.with_suffix(".py"), base / "__init__.py") if below else (base / "__init__.py",)
    )
    return next((path for path in candidates if path.is_file()), None)


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """Returns the absolute module names that a source file imports, wherever in it."""
    names = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)
