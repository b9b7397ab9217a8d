"""The keys of an installation, in a file apart from the database: what signs access tokens, and what digests contents."""

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crosstalk.core import private_files
from crosstalk.core.clock import iso, now_ms

# RFC 7518 §3.2: a key of HS256 has at least 256 bits; these are written in hexadecimal.
_KEY_BYTES = 32
# `rotate` keeps so many: the one that signs, and earlier ones that still verify.
MOST_KEYS = 4
Key = Annotated[str, Field(min_length=2 * _KEY_BYTES, max_length=1_024)]


class KeyFileError(Exception):
    """A key file that cannot be used. Its text is one line and has no key in it."""


class _Stored(BaseModel):
    # An error of validation must not quote a key.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class SigningKey(_Stored):
    kid: Annotated[str, Field(min_length=1, max_length=64)]
    """Names the key in the header of a token (RFC 7515 §4.1.4)."""
    key: Key
    created_at: str

    @classmethod
    def new(cls, key: str | None = None) -> "SigningKey":
        return cls(kid=secrets.token_hex(6), key=key or secrets.token_hex(_KEY_BYTES), created_at=iso(now_ms()))


class Keys(_Stored):
    """What the file holds, as JSON."""

    signing: Annotated[list[SigningKey], Field(min_length=1)]
    """The newest first: it signs. All of them verify."""
    content_key: Key
    """Makes the digests of what was sent and the tokens of known devices, and never changes."""

    @classmethod
    def new(cls, signing_key: str | None = None) -> "Keys":
        return cls(signing=[SigningKey.new(signing_key)], content_key=secrets.token_hex(_KEY_BYTES))

    def rotated(self, *, revoke: bool) -> "Keys":
        """With a new key that signs. The earlier ones still verify, unless `revoke`."""
        earlier = [] if revoke else self.signing[: MOST_KEYS - 1]
        return Keys(signing=[SigningKey.new(), *earlier], content_key=self.content_key)

    def digest(self, content: bytes) -> str:
        """HMAC-SHA-256 with the content key, behind the name of that key: `5f0c1a2b:…`."""
        name = hashlib.sha256(self.content_key.encode()).hexdigest()[:8]
        return f"{name}:{self.mac(content).hex()}"

    def mac(self, content: bytes) -> bytes:
        """HMAC-SHA-256 with the content key. Each use begins its content in a way of its own."""
        return hmac.digest(self.content_key.encode(), content, hashlib.sha256)


class KeyFile:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None

    def has_changed(self) -> bool:
        """Whether the file is another one than at the last call, or at the last `load`."""
        before, self._seen = self._seen, self._state()
        return self._seen != before

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def load(self) -> Keys | None:
        """The keys, or None when there is no file. Raises KeyFileError, or NotPrivate."""
        self._seen = self._state()
        private_files.tighten(self.path)
        try:
            return Keys.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as refused:
            raise KeyFileError(f"{self.path} cannot be read: {refused.strerror}") from None
        except ValidationError as refused:
            first = refused.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise KeyFileError(f"{self.path} is not a key file: {f'{where}: ' if where else ''}{first['msg']}") from None

    def save(self, keys: Keys) -> None:
        """Raises KeyFileError."""
        try:
            private_files.replace_file(self.path, keys.model_dump_json(indent=2).encode() + b"\n")
        except OSError as refused:
            raise KeyFileError(f"{self.path} cannot be written: {refused.strerror}") from None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One process at a time: of two that load and save at once, one would lose the other's key. Raises KeyFileError."""
        try:
            private_files.make_folder(self.path.parent)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as refused:
            raise KeyFileError(f"{self.path} cannot be written: {refused.strerror}") from None
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)
