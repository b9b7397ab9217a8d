"""Looks at a screen in light and in dark: with axe, and for whoever wants to see it, as a picture."""

from pathlib import Path
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT, AxeResults

from person import Person

# Colours are judged when they have arrived.
_STILL = """() => Promise.all(
  document.getAnimations()
    .filter(animation => Number.isFinite(animation.effect?.getComputedTiming().endTime))
    .map(animation => animation.finished.catch(() => null))
)"""


_LOADED = "() => typeof axe !== 'undefined'"
# The same document in other colours: only what depends on colours can have changed.
_OPTIONS: dict[Literal["light", "dark"], dict[str, object]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}


class Inspection:
    """Gathers what is wrong on the screens of one person; `pictures` is the folder for pictures, if they are wanted."""

    def __init__(self, person: Person, pictures: Path | None) -> None:
        self._person = person
        self._pictures = pictures
        self._faults: list[str] = []

    def look(self, screen: str) -> None:
        page, looks = self._person.page, self._person.looks
        if not page.evaluate(_LOADED):
            page.evaluate(AXE_SCRIPT)
        for colours, options in _OPTIONS.items():
            page.emulate_media(color_scheme=colours)
            page.evaluate(_STILL)
            name = f"{screen}, {colours}, {looks.size[0]} px, {looks.language}"
            found = AxeResults(page.evaluate("options => axe.run(options)", options))
            if found.violations_count:
                self._faults.append(f"{name}:\n{found.generate_report()}")
            if self._pictures:
                self._pictures.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=self._pictures / f"{screen}-{colours}-{looks.size[0]}-{looks.language}.png")

    def found_nothing(self) -> None:
        assert not self._faults, "\n\n".join(self._faults)
