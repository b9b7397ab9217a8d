"""`.env`, and names in it and in the environment that look like settings and are none."""

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dotenv.parser import parse_stream

ENV_FILE = Path(".env")
# Windows editors begin a file with a byte order mark.
ENCODING = "utf-8-sig"
# How alike two names are, from 0 to 1 (difflib): above the first one is a slip of the pen, above the second worth naming.
_A_SLIP, _WORTH_NAMING = 0.82, 0.6
# The tests of the page read it; Kubernetes sets the others for a service that is called crosstalk.
_OTHERS = re.compile(r"CHROMIUM|(.*_)?SERVICE_(HOST|PORT(_.*)?)|(.*_)?PORT_[0-9]+_(TCP|UDP|SCTP)(_.*)?")


class EnvFileError(Exception):
    """`.env` cannot be read. The text is one line with the file, the line and what to write."""


@dataclass(frozen=True)
class UnknownName:
    """A name with our prefix that is no setting. Its value may be a secret and is not kept."""

    name: str
    where: str
    """` (.env, line 3)`, or empty for the environment."""
    nearest: str | None
    is_a_slip: bool
    """Whether it is so near a setting that hardly anything else can be meant."""


def unknown_names(prefix: str, known: Collection[str]) -> list[UnknownName]:
    """The unknown names in the environment and in `.env`. `known` has the settings' names in capitals, with the prefix.

    Raises EnvFileError.
    """
    found = {name: "" for name in sorted(os.environ) if name.upper().startswith(prefix)}
    for name, line in _names_in_file(prefix):
        found.setdefault(name, f" ({ENV_FILE}, line {line})")
    return [
        _looked_up(name, where, prefix, known)
        for name, where in found.items()
        if name.upper() not in known and not _OTHERS.fullmatch(name.upper().removeprefix(prefix))
    ]


def _looked_up(name: str, where: str, prefix: str, known: Collection[str]) -> UnknownName:
    bare = {one.removeprefix(prefix): one for one in known}
    wanted = name.upper().removeprefix(prefix)
    nearest = get_close_matches(wanted, bare, n=1, cutoff=_WORTH_NAMING)
    is_a_slip = bool(get_close_matches(wanted, bare, n=1, cutoff=_A_SLIP))
    return UnknownName(name, where, bare[nearest[0]] if nearest else None, is_a_slip)


def _names_in_file(prefix: str) -> Iterator[tuple[str, int]]:
    try:
        with ENV_FILE.open(encoding=ENCODING) as file:
            bindings = list(parse_stream(file))
    except (FileNotFoundError, IsADirectoryError):
        return
    except UnicodeDecodeError:
        raise EnvFileError(f"{ENV_FILE} is not a text in UTF-8; save it as UTF-8") from None
    except OSError as refused:
        raise EnvFileError(f"{ENV_FILE} cannot be read: {refused.strerror}") from None
    for one in bindings:
        # The parser counts blank lines before a statement as its own.
        written = one.original.string
        line = one.original.line + written[: len(written) - len(written.lstrip())].count("\n")
        if one.error or (one.key is not None and one.key.upper().startswith(prefix) and one.value is None):
            raise EnvFileError(f"{ENV_FILE}, line {line}: this is not NAME=value; write it so, and close every quote")
        if one.key is not None and one.key.upper().startswith(prefix):
            yield one.key, line
