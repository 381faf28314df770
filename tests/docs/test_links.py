"""Links between the pages, to files of the repository, and to headings."""

import re
from pathlib import Path

import pytest

from tests.docs.markdown import PAGES, ROOT, anchors, links, name_of

_ELSEWHERE = re.compile(r"^(https?|mailto):")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in links(page):
        if _ELSEWHERE.match(target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            broken.append(target)
        elif not linked.is_relative_to(ROOT):
            broken.append(f"{target} is outside the repository")
    assert not broken


def test_the_index_names_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target in links(index)}
    missing = {page for page in (ROOT / "docs").rglob("*.md") if page != index} - linked
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_path_of_one_machine_stands_in_the_page(page: Path) -> None:
    assert not re.findall(r"/(?:work|tmp|home|root|Users)/\S+", page.read_text("utf-8"))
