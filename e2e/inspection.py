"""Looks at a screen in light and in dark: with axe, and for whoever wants to see it, as a picture."""

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import expect

from person import Person
from stack import ROOT

_AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
# Colours are judged when they have arrived: in the second frame after a change, and after what is animated.
_STILL = """async () => {
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame)
  const animations = document.getAnimations()
    .filter(animation => Number.isFinite(animation.effect?.getComputedTiming().endTime))
  await Promise.all(animations.map(animation => animation.finished.catch(() => null)))
}"""
_LOADED = "() => typeof axe !== 'undefined'"
_RUN = "options => axe.run(options).then(found => found.violations)"
# The same document in other colours: only what depends on colours can have changed.
_OPTIONS: dict[Literal["light", "dark"], dict[str, Any]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}
_WIDTH = "() => document.documentElement.scrollWidth - innerWidth"


class Inspection:
    """Gathers what is wrong on the screens of one person; `pictures` is the folder for pictures, if they are wanted."""

    def __init__(self, person: Person, pictures: Path | None) -> None:
        self._person = person
        self._pictures = pictures
        self._faults: list[str] = []
        self._width = person.looks.size[0]

    def at(self, size: tuple[int, int]) -> None:
        """Goes on in a window of another size."""
        self._width = size[0]
        self._person.page.set_viewport_size({"width": size[0], "height": size[1]})

    def look(self, screen: str) -> None:
        page, looks, width = self._person.page, self._person.looks, self._width
        # The pointer rests on nothing: the colours of a button that it is on are those of that button alone.
        page.mouse.move(0, 0)
        if not page.evaluate(_LOADED):
            page.evaluate(_AXE.read_text())
        for colours, options in _OPTIONS.items():
            page.emulate_media(color_scheme=colours)
            page.evaluate(_STILL)
            name = f"{screen}, {colours}, {width} px, {looks.language}"
            self._faults += [f"{name}: {_told(violation)}" for violation in page.evaluate(_RUN, options)]
            if self._pictures:
                self._pictures.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=self._pictures / f"{screen}-{colours}-{width}-{looks.language}.png")
        self.fits(screen)

    def fits(self, screen: str) -> None:
        """Nothing may be wider than the screen."""
        if (beyond := self._person.page.evaluate(_WIDTH)) > 0:
            self._faults.append(f"{screen}, {self._width} px: {beyond} px wider than the screen")

    def closes(self, screen: str) -> None:
        """Looks at what is open above the page, and closes it by keyboard."""
        above = self._person.page.get_by_role("dialog").filter(visible=True)
        expect(above).to_be_visible()
        self.look(screen)
        self._person.page.keyboard.press("Escape")
        expect(above).to_have_count(0)

    def found_nothing(self) -> None:
        assert not self._faults, "\n\n".join(self._faults)


def _told(violation: dict[str, Any]) -> str:
    nodes = "\n".join(f"  {node['html'][:300]}\n  {node['failureSummary']}" for node in violation["nodes"])
    return f"{violation['id']}: {violation['help']}\n{nodes}"
