"""`crosstalk demo quotes` as a person calls it."""

import re
import signal
import subprocess
import sys
from dataclasses import dataclass

from server import clean_environment

PATIENCE_S = 30


@dataclass(frozen=True)
class Told:
    status: int
    text: str
    errors: str

    @property
    def items(self) -> int:
        """How many it says that it has written."""
        found = re.search(r"Finished after (\d+) items?\.", self.text)
        assert found, self.text + self.errors
        return int(found[1])


class Quotes:
    """One that runs in the background until it is asked to end."""

    def __init__(self, url: str, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "crosstalk", "demo", "quotes", "--api", url, *options],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def told(self) -> Told:
        """Waits for its end."""
        text, errors = self._process.communicate(timeout=PATIENCE_S)
        assert "Traceback" not in errors, errors
        return Told(self._process.returncode, text, errors)

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> Told:
        self._process.send_signal(number)
        return self.told()

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def quotes(url: str, *options: str) -> Told:
    return Quotes(url, *options).told()
