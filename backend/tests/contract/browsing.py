"""The browser in which the pages and the guides are tried."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

ROOT = Path(__file__).parents[3]
# A loaded machine is slow, not wrong.
expect.set_options(timeout=25_000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The Chromium that the end-to-end tests use. A test file that imports this fixture gets it."""
    found = subprocess.run([ROOT / "scripts/chromium.sh"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    # Chromium's sandbox does not work for root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": found.stdout.strip(), "args": sandbox}


__all__ = ["browser_type_launch_args", "expect"]
