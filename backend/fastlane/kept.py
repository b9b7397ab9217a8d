"""What is kept of the request that began a session, for as long as the session lives: little, and once for all alike."""

import threading
from collections import UserDict
from io import BytesIO
from typing import Any

# Names and values of headers that are kept once for all who sent them: so many, up to so many characters.
_MOST_KNOWN = 4_096
_LONGEST_KNOWN = 256
# Clients send few sorts of header sets; who invents more of them shares nothing.
_MOST_SORTS = 64
_known: dict[str, str] = {}
_NO_BODY = BytesIO()


def kept(environ: dict[str, Any], errors: Any) -> dict[str, Any]:
    """What handlers may want of a request; not what the server worked with."""
    texts = {_once(name): _once(value) for name, value in environ.items() if isinstance(value, str)}
    others = {name: value for name, value in environ.items() if isinstance(value, (bool, tuple)) or name == "flask.app"}
    return texts | others | {"wsgi.input": _NO_BODY, "wsgi.errors": errors}


def _once(text: str) -> str:
    """The text as an object that is shared with everybody who sent the same."""
    if len(text) > _LONGEST_KNOWN:
        return text
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    return _known.setdefault(text, text)


class Environs(UserDict[str, Any]):
    """The request that began each session. Folded, it is its values and the names that it shares with its like: a third of
    what a dict takes. Who asks for it gets a dict, the same one from then on."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._sorts: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __getitem__(self, eio_sid: str) -> Any:
        with self._lock:
            found = self.data[eio_sid]
            if isinstance(found, tuple):
                names, *values = found
                self.data[eio_sid] = found = dict(zip(names, values, strict=True))
            return found

    def __delitem__(self, eio_sid: str) -> None:
        with self._lock:
            del self.data[eio_sid]

    def fold(self, eio_sid: str) -> None:
        with self._lock:
            found = self.data.get(eio_sid)
            if isinstance(found, dict):
                if len(self._sorts) >= _MOST_SORTS:
                    self._sorts.clear()
                names = tuple(found)
                self.data[eio_sid] = (self._sorts.setdefault(names, names), *found.values())
