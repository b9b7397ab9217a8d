"""Horizontal bars as SVG, for light and dark pages."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _LABELS, _LINE, _TOP = 720, 260, 30, 46
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600; font-size: 15px } .small { fill: #57606a; font-size: 12px }
  .peer { fill: #8c959f } .ours { fill: #0969da } .axis { stroke: #d0d7de }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .peer { fill: #6e7681 } .ours { fill: #4493f8 } .axis { stroke: #3d444d }
  }
"""


@dataclass(frozen=True)
class Line:
    label: str
    value: float
    told: str
    ours: bool = False


def plot(title: str, lines: Sequence[Line]) -> str:
    """Lengths are logarithmic: what is compared differs by factors."""
    height = _TOP + _LINE * len(lines) + 14
    least, most = min(line.value for line in lines), max(line.value for line in lines)
    low, span = math.floor(math.log10(least) - 0.15), 0.0
    span = max(0.5, math.log10(most) - low)
    room = _WIDTH - _LABELS - 110
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="12" y="26">{escape(title)}</text>',
        f'<text class="small" x="{_WIDTH - 12}" y="26" text-anchor="end">logarithmic</text>',
        f'<line class="axis" x1="{_LABELS}" x2="{_LABELS}" y1="{_TOP - 6}" y2="{height - 10}"/>',
    ]
    for index, line in enumerate(lines):
        y = _TOP + _LINE * index
        length = max(2.0, (math.log10(line.value) - low) / span * room)
        parts += [
            f'<text x="{_LABELS - 10}" y="{y + 15}" text-anchor="end">{escape(line.label)}</text>',
            f'<rect class="{"ours" if line.ours else "peer"}" x="{_LABELS}" y="{y}" width="{length:.1f}" height="20" rx="3"/>',
            f'<text x="{_LABELS + length + 8:.1f}" y="{y + 15}">{escape(line.told)}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])
