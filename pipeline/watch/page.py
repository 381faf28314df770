"""The page of all rounds: candidate and champion over the spans, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2
import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs
from plotly.subplots import make_subplots

from components.evaluation.thresholds import CANDIDATE, CHAMPION
from pipeline.watch.rounds import Round

PAGE_FILE = "index.html"

_TEMPLATES = Path(__file__).parents[1] / "templates"
_CHAMPION_COLOR = "#9aa5b1"
_MARKS = {
    "published": ("circle", "#15803d"),
    "up_to_date": ("circle-open", "#15803d"),
    "refused": ("x", "#b45309"),
    "failed": ("square", "#dc2626"),
    "running": ("circle-dot", "#2563eb"),
}
"""Symbol and colour of a candidate by what became of it."""


def write_page(folder: Path, name: str, rounds: Sequence[Round]) -> Path:
    """Writes the page of a watched config into `folder` and returns its path."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
    )
    page = folder / PAGE_FILE
    page.write_text(
        environment.get_template("rounds.html.j2").render(
            name=name,
            rounds=list(reversed(rounds)),
            summary=summary(rounds),
            picture=Markup(_picture(folder, rounds)),
        ),
        "utf-8",
    )
    return page


def summary(rounds: Sequence[Round]) -> str:
    """Returns how many rounds ended how, and what is live."""
    ends = {status: sum(item.status == status for item in rounds) for status in _MARKS}
    told = ", ".join(
        f"{number} {status.replace('_', ' ')}" for status, number in ends.items() if number
    )
    live = rounds[-1].live_version if rounds else None
    return f"{len(rounds)} rounds: {told or 'none'}; " + (
        f"version {live} is live" if live else "nothing is live"
    )


def _picture(folder: Path, rounds: Sequence[Round]) -> str:
    """Returns the plots, one a metric, with plotly's script beside the page."""
    names = list(dict.fromkeys(name for item in rounds for name in item.metrics.get(CANDIDATE, {})))
    if not names:
        return ""
    script = folder / "plotly.min.js"
    if not script.is_file():
        script.write_text(get_plotlyjs(), "utf-8")
    figure = make_subplots(rows=len(names), shared_xaxes=True, subplot_titles=names)
    for row, name in enumerate(names, 1):
        for trace in _traces(rounds, name):
            figure.add_trace(trace.update(showlegend=row == 1), row=row, col=1)
    figure.update_xaxes(title_text="round", dtick=1, row=len(names), col=1)
    figure.update_layout(height=120 + 240 * len(names), template="plotly_white")
    return figure.to_html(full_html=False, include_plotlyjs="plotly.min.js")


def _traces(rounds: Sequence[Round], name: str) -> list[go.Scatter]:
    """Returns the lines of one metric: the champion's, and the candidate's with its verdicts."""
    measured = [item for item in rounds if item.metrics.get(CANDIDATE, {}).get(name) is not None]
    numbers = [item.number for item in measured]
    champion = go.Scatter(
        x=numbers,
        y=[item.metrics.get(CHAMPION, {}).get(name) for item in measured],
        name="champion on the same rows",
        mode="lines+markers",
        line_color=_CHAMPION_COLOR,
        legendgroup=CHAMPION,
    )
    candidate = go.Scatter(
        x=numbers,
        y=[item.metrics[CANDIDATE][name] for item in measured],
        name=CANDIDATE,
        mode="lines+markers",
        line_color=_MARKS["published"][1],
        marker={
            "size": 11,
            "symbol": [_MARKS[item.status][0] for item in measured],
            "color": [_MARKS[item.status][1] for item in measured],
        },
        text=[f"span {item.span}: {item.status}" for item in measured],
        legendgroup=CANDIDATE,
    )
    return [champion, candidate]
