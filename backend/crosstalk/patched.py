"""`python -m crosstalk.patched gevent serve`: the command line in a Python that waits as its mode does, from the first import on."""

import sys
from typing import cast

from crosstalk.launch.async_mode import AsyncMode, patch


def main(mode: str) -> None:
    patch(cast(AsyncMode, mode))
    from crosstalk.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main(sys.argv.pop(1))
