"""`crosstalk wirecheck` as a person calls it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from server import PAGE, clean_environment

PATIENCE_S = 55


@dataclass(frozen=True)
class Told:
    status: int
    text: str
    errors: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What `--json` wrote."""
        return [json.loads(line) for line in self.text.splitlines()]

    def finding(self, name: str) -> dict[str, str]:
        """The finding of that name; there must be one."""
        found: list[dict[str, str]] = [line for line in self.lines if line.get("finding") == name]
        assert len(found) == 1, self.text
        return found[0]


def wirecheck(url: str, *options: str, origin: str = PAGE) -> Told:
    ended = subprocess.run(
        [sys.executable, "-m", "crosstalk", "wirecheck", url, "--origin", origin, *options],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return Told(ended.returncode, ended.stdout, ended.stderr)
