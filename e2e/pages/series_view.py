import re

from playwright.sync_api import Locator, expect

# By language: what the buttons of a series are called.
_WORDS = {
    "en": {"pause": "Pause", "go_on": "Resume", "plot": "Plot", "table": "Table"},
    "zh": {"pause": "暂停", "go_on": "继续", "plot": "图表", "table": "表格"},
}

# How many pixels of the canvas are not empty.
_INK = """canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })
  copy.drawImage(canvas, 0, 0)
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height)
  let ink = 0
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) ink += 1
  return ink
}"""


class SeriesView:
    """A series in a room: its plot, its table, or its log."""

    def __init__(self, box: Locator, language: str = "en") -> None:
        words = _WORDS[language]
        self.box = box
        self.series = box.locator("[data-series]")
        self.plot = box.get_by_role("img").and_(box.locator("[data-plot-points]"))
        self.canvas = self.plot.locator("canvas")
        self.table = box.get_by_role("table")
        self.rows = self.table.locator("tbody tr")
        self.legend = box.get_by_role("listitem")
        self.pause = box.get_by_role("button", name=words["pause"], exact=True)
        self.go_on = box.get_by_role("button", name=re.compile(f"^{words['go_on']}"))
        self.show_plot = box.get_by_role("radio", name=words["plot"])
        self.show_table = box.get_by_role("radio", name=words["table"])
        self.receipt = box.locator("[data-receipt]")

    def is_a(self, kind: str) -> None:
        expect(self.series).to_have_attribute("data-series", kind)

    def is_over(self, state: str) -> None:
        expect(self.box).to_have_attribute("data-stream-state", state)

    def shows(self, items: int) -> None:
        """Exactly so many, in the plot and in the table."""
        expect(self.series).to_have_attribute("data-series-shown", str(items))

    def shows_at_least(self, items: int) -> None:
        assert items < 100
        expect(self.series).to_have_attribute("data-series-shown", _from(items))

    def keeps_waiting_at_least(self, items: int) -> None:
        assert items < 100
        expect(self.series).to_have_attribute("data-series-waiting", _from(items))

    def shown(self) -> int:
        return int(self.series.get_attribute("data-series-shown") or 0)

    def is_drawn(self, points: int) -> None:
        expect(self.plot).to_have_attribute("data-plot-points", str(points))
        assert self.canvas.evaluate(_INK) > 0


def _from(number: int) -> re.Pattern[str]:
    """A whole number from this one on."""
    return re.compile(rf"^({'|'.join(str(one) for one in range(number, 100))}|\d{{3,}})$")
