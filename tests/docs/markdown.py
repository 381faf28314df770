"""The pages of the documentation, taken apart: fenced blocks, shell commands, links, headings."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
)

_FENCE = re.compile(r"^```(?P<language>[a-z]*)$")
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_SEPARATORS = frozenset((";", "|", "&&", "||"))
_REDIRECTIONS = frozenset((">", ">>", "<"))


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
      page: The file, relative to the repository.
      line: 1-based line of its first line.
      language: What stands after the opening fence.
      text: The lines between the fences.
    """

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def name_of(page: Path) -> str:
    """Returns the path of a page below the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *languages: str) -> list[Block]:
    """Returns the fenced blocks of a page in `languages`; without any, all."""
    found: list[Block] = []
    language, start, lines = "", 0, []
    for number, line in enumerate(page.read_text("utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence and not start:
            language, start, lines = fence["language"], number + 1, []
        elif line == "```":
            found.append(Block(name_of(page), start, language, "\n".join(lines) + "\n"))
            start = 0
        elif start:
            lines.append(line)
    if start:
        raise ValueError(f"{name_of(page)}:{start - 1}: a fence is opened and not closed")
    return [block for block in found if not languages or block.language in languages]


def shell_commands(block: Block) -> Iterator[list[str]]:
    """Yields the words of each simple command of a `bash` or `console` block.

    In a `console` block, lines after `$ ` are commands and the others are what they print.
    Redirections and assignments of variables are left out.
    """
    text = block.text.replace("\\\n", " ")
    lines = text.splitlines()
    if block.language == "console":
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    for line in lines:
        words: list[str] = []
        for word in _words(line):
            if word in _SEPARATORS:
                yield from _simple(words)
                words = []
            else:
                words.append(word)
        yield from _simple(words)


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&<>")
    lexer.whitespace_split = True
    return list(lexer)


def _simple(words: list[str]) -> Iterator[list[str]]:
    kept, skip = [], False
    for word in words:
        if skip or word in _REDIRECTIONS:
            skip = not skip
        elif kept or not re.match(r"^[A-Z_]+=", word):
            kept.append(word)
    if kept:
        yield kept


def links(page: Path) -> list[str]:
    """Returns the targets of the links and images of a page, fenced blocks left out."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [link["target"] for link in _LINK.finditer(text)]


def anchors(page: Path) -> set[str]:
    """Returns the anchors of the headings of a page, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return {_anchor(title) for title in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)}


def section(page: Path, heading: str) -> str:
    """Returns the text below a heading of a page, to the next one of that level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    rest = page.read_text("utf-8").split(f"\n{heading}\n", maxsplit=1)[1]
    return re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def first_column(text: str) -> list[str]:
    """Returns the first cell of each row of the tables in `text`, without backticks."""
    rows = re.findall(r"^\| *([^|]*?) *\|", text, flags=re.MULTILINE)
    return [row.strip("`") for row in rows if not set(row) <= set("-: ")]


def _anchor(title: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", title.lower())
    return kept.replace(" ", "-")
