"""Files and folders that only the account of the server may read."""

import os
import stat
from pathlib import Path

import structlog

FOLDER_MODE, FILE_MODE = 0o700, 0o600
_OTHERS, _WORLD = 0o077, 0o007
log = structlog.get_logger("files")


class NotPrivate(Exception):
    """A file that other accounts may read or that another account owns. Its text is one line and says what to do."""


def make_folder(folder: Path) -> None:
    """Makes the folder, and every missing folder above it, with mode 0700 whatever the umask is."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    try:
        folder.mkdir(FOLDER_MODE)
    except FileExistsError:
        if folder.is_dir():
            return
        raise
    _give_to_owner_of(folder.parent, os.open(folder, os.O_RDONLY | os.O_DIRECTORY))


def make_file(path: Path) -> None:
    """Makes an empty file with mode 0600, unless it is there."""
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    except FileExistsError:
        return
    _give_to_owner_of(path.parent, made)


def replace_file(path: Path, content: bytes) -> None:
    """Writes a file of mode 0600 in one step: after a crash it has either the old content or the new one."""
    written = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            _give_to_owner_of(path if path.exists() else path.parent, os.dup(descriptor))
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def tighten(path: Path) -> None:
    """Takes the rights of other accounts away from a file that is there. Raises NotPrivate when that is not possible."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise NotPrivate(f"{path} is not a file")
    if found.st_uid not in (os.geteuid(), 0) and os.geteuid() != 0:
        raise NotPrivate(f"{path} belongs to another account (uid {found.st_uid}); chown it to the account of the server")
    if not found.st_mode & _OTHERS:
        return
    if found.st_uid == 0 != os.geteuid() and not found.st_mode & _WORLD:
        return  # a secret that the system mounts for a group of ours
    try:
        path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
    except OSError as refused:
        raise NotPrivate(f"other accounts may read {path} ({refused.strerror}); run chmod 600 on it") from None
    log.warning("other accounts could read a file: its mode is now 0600", path=str(path))


def tighten_folder(folder: Path, own: set[str]) -> None:
    """Takes the rights of other accounts away from a folder that holds nothing but the files named in `own`.

    A folder with other files stays as it is: `/tmp` or a home directory is not the server's to close.
    """
    found = folder.stat()
    if not found.st_mode & _OTHERS or found.st_uid != os.geteuid():
        return
    if all(entry.name in own for entry in folder.iterdir()):
        folder.chmod(FOLDER_MODE)
        log.warning("other accounts could look into a folder: its mode is now 0700", path=str(folder))


def _give_to_owner_of(neighbour: Path, descriptor: int) -> None:
    """Closes the descriptor. What root makes with a command belongs to the account of the server, which must read it."""
    try:
        os.fchmod(descriptor, stat.S_IMODE(os.fstat(descriptor).st_mode) & ~_OTHERS)
        owner = neighbour.stat()
        if os.geteuid() == 0 and owner.st_uid != 0:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    finally:
        os.close(descriptor)
