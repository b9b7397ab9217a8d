"""The key file: what it holds, how it is changed, and what is refused without quoting a key."""

import json
import stat
import threading
from pathlib import Path

import pytest

from crosstalk.core.keys import MOST_KEYS, KeyFile, KeyFileError, Keys


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "crosstalk.keys.json")


def test_what_is_saved_is_loaded_and_private(key_file: KeyFile) -> None:
    assert key_file.load() is None
    keys = Keys.new()
    key_file.save(keys)
    assert key_file.load() == keys
    assert stat.S_IMODE(key_file.path.stat().st_mode) == 0o600


def test_a_rotation_signs_with_a_new_key_and_keeps_some_earlier_ones() -> None:
    first = Keys.new()
    keys = first
    for number in range(1, MOST_KEYS + 3):
        before, keys = keys, keys.rotated(revoke=False)
        assert keys.signing[0] not in before.signing
        assert keys.signing[1:] == before.signing[: MOST_KEYS - 1]
        assert len(keys.signing) == min(number + 1, MOST_KEYS)
    assert keys.content_key == first.content_key, "what was sent before the rotation is still recognised"
    assert len({one.kid for one in keys.signing}) == MOST_KEYS


def test_a_revoking_rotation_keeps_none() -> None:
    assert len(Keys.new().rotated(revoke=False).rotated(revoke=True).signing) == 1


def test_a_digest_depends_on_the_content_and_on_the_key() -> None:
    one, other = Keys.new(), Keys.new()
    assert one.digest(b"text") == one.digest(b"text")
    assert len({one.digest(b"text"), one.digest(b"texts"), other.digest(b"text")}) == 3


SECRET = "5ec7e7" * 12
BAD = {
    "empty": "",
    "not JSON": f'{{"content_key": {SECRET}',
    "a list": "[]",
    "no signing key": json.dumps({"signing": [], "content_key": SECRET}),
    "a short key": json.dumps({"signing": [{"kid": "a", "key": "5ec7e7", "created_at": ""}], "content_key": SECRET}),
    "another field": json.dumps({"signing": [], "content_key": SECRET, SECRET[:6]: SECRET}),
    "a number": json.dumps({"signing": [{"kid": 1, "key": SECRET, "created_at": ""}], "content_key": SECRET}),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_file_of_another_kind_is_one_line_without_a_key(key_file: KeyFile, content: str) -> None:
    key_file.path.write_text(content)
    with pytest.raises(KeyFileError) as refused:
        key_file.load()
    assert str(key_file.path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert SECRET not in str(refused.value)


def test_every_change_is_seen_once(key_file: KeyFile) -> None:
    key_file.save(Keys.new())
    key_file.load()
    assert not key_file.has_changed()
    key_file.save(Keys.new())
    assert key_file.has_changed()
    assert not key_file.has_changed()
    key_file.path.unlink()
    assert key_file.has_changed()
    assert not key_file.has_changed()


def test_of_rotations_at_the_same_time_none_is_lost(key_file: KeyFile) -> None:
    key_file.save(Keys.new())

    def rotate() -> None:
        own = KeyFile(key_file.path)
        with own.changing():
            keys = own.load()
            assert keys is not None
            own.save(keys.rotated(revoke=False))

    threads = [threading.Thread(target=rotate) for _ in range(MOST_KEYS - 1)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    keys = key_file.load()
    assert keys is not None
    assert len(keys.signing) == MOST_KEYS
