"""Archives → folders: whatever is in one, nothing is written outside its folder.

What students and platforms pack is hostile or damaged now and then. One member's fault costs that
member alone, and is said.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from grader.errors import Rejected, UsageError
from grader.grading.collecting.archive_members import (
    ALLOWED,
    DAMAGED,
    MIB,
    MOST_BYTES,
    RATIO,
    Member,
    members_of,
    too_large,
)
from grader.grading.collecting.archive_names import NoPath, path_parts, shortened
from grader.grading.collecting.files import opened, printable
from grader.grading.collecting.passed_over import some

_NAMED = re.compile(r".\.(?:zip|tar|tar\.(?:gz|bz2|xz)|tgz|tbz2?|txz|rar|7z)\Z", re.I | re.S)
# Other files that begin as a zip does are called what they are: `.docx`, `.jar`, `.npz`, `.keras`.
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
_OTHERS = {b"Rar!": "a RAR archive", b"7z\xbc\xaf": "a 7z archive", b"<": "a page of HTML"}
_MOST_OF_ONE = 256 * MIB
_SMALL = 16 * MIB  # of what one becomes: below, nobody asks how well it was packed
_BLOCK = 256 * 1024


@dataclass(frozen=True)
class Unpacked:
    """A folder with what an archive held; `said` tells what was left out of it and why."""

    folder: Path
    said: tuple[str, ...] = ()


def is_archive(path: Path) -> bool:
    """Whether a file is to be unpacked: it is called an archive, or has no ending and is one.

    A file that is called an archive and is none is one too: `unpack` says what is wrong with it.
    """
    if path.is_symlink() or not path.is_file():
        return bool(_NAMED.search(path.name)) and path.is_file()
    if _NAMED.search(path.name):
        return True
    if path.suffix:
        return False
    with path.open("rb") as file:
        return file.read(8).startswith(_BEGINNINGS)


def unpack(archive: Path, to: Path, below: Path | None = None) -> Unpacked:
    """Unpack a zip or tar archive into the folder `to`, which is new or empty.

    The folder is there once all of it is, with files that only their owner may read. Where `below`
    is given, no link is followed from there to the archive. Raises Rejected where it is no archive
    or too large as a whole, and UsageError where the folder cannot be written.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(
            f"An archive is unpacked into a new folder. Received: {printable(str(to))}, which is "
            f"there already. Remove it, or name another."
        )
    with _file_of(archive, below) as file:
        to.parent.mkdir(parents=True, exist_ok=True)
        # Beside it, as what is half done must not be taken for the whole.
        part = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=to.parent))
        try:
            unpacking = _Unpacking(part, os.fstat(file.fileno()).st_size)
            unpacking.take_all(file)
            part.replace(to)
        except BaseException as error:
            shutil.rmtree(part, ignore_errors=True)
            if isinstance(error, Rejected):
                raise Rejected(_refused(archive, str(error), file)) from error
            raise
    return Unpacked(to, tuple(unpacking.lines(archive.name)))


def _file_of(archive: Path, below: Path | None) -> BinaryIO:
    try:
        if below is None:
            descriptor = os.open(archive, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        else:
            descriptor = opened(archive, below)
    except OSError as error:
        raise Rejected(_refused(archive, f"it cannot be read ({error.strerror})")) from error
    file = os.fdopen(descriptor, "rb")
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return file
    file.close()
    raise Rejected(_refused(archive, "it is no ordinary file"))


def _refused(archive: Path, why: str, file: BinaryIO | None = None) -> str:
    if file is not None and why == "it is neither":
        file.seek(0)
        begins = file.read(64).lstrip()
        kinds = [kind for start, kind in _OTHERS.items() if begins.startswith(start)]
        why = f"it is {kinds[0]}" if kinds else why if begins else "it is empty"
    return (
        f"An archive is a zip or a tar file that is whole and of bounded size. Received: "
        f"{printable(str(archive))}; {printable(why)}. Download or pack it again, or unpack it "
        f"yourself."
    )


class _Unpacking:
    """One archive of `size` bytes on its way into the folder `root`."""

    def __init__(self, root: Path, size: int) -> None:
        self._root, self._size = root, size
        self._most = min(MOST_BYTES, max(ALLOWED, RATIO * size))
        self._read = 0  # in bytes, of everything, also of what was left out
        self._left_out: defaultdict[str, list[str]] = defaultdict(list)
        self._renamed: list[str] = []
        self._numbers: defaultdict[Path, int] = defaultdict(lambda: 1)
        self._broken = ""

    def take_all(self, file: BinaryIO) -> None:
        """Write every member that can be; Rejected if it is no archive, or too large."""
        count = 0
        members = members_of(file, self._size)
        while True:
            try:
                member = next(members, None)
            except DAMAGED as error:
                if not count:
                    raise Rejected("it is damaged") from error
                self._broken = "It is damaged, or breaks off: what is there may not be all."
                return
            if member is None:
                return
            count += 1
            self._take(member)

    def lines(self, name: str) -> Iterator[str]:
        """What a person is told of an archive called `name`."""
        name = printable(name)
        if self._broken:
            yield f"{name}: {self._broken}"
        for why, names in self._left_out.items():
            yield f"{name}: left out {some(names)}: {why}."
        if self._renamed:
            changed = some(self._renamed)
            yield f"{name}: some names stand for two files, so these were changed: {changed}."

    def _take(self, member: Member) -> None:
        try:
            self._place(member, path_parts(member.name))
        except NoPath as error:
            self._left_out[str(error)].append(_shown(member.name))

    def _place(self, member: Member, parts: tuple[str, ...]) -> None:
        if member.is_folder:
            self._folder(parts)
            return
        if member.wrong or not parts:
            raise NoPath(member.wrong or "their names are empty")
        self._write(member, self._folder(parts[:-1]) / parts[-1])

    def _folder(self, parts: tuple[str, ...]) -> Path:
        folder = self._root.joinpath(*parts)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise NoPath("a file stands where their folder would be") from error
        except OSError as error:
            raise _unwritable(error) from error
        return folder

    def _write(self, member: Member, path: Path) -> None:
        """Write a new file; where one of this name is there, another is numbered."""
        try:
            content = member.open()
        except NotImplementedError as error:
            raise NoPath("they are packed in a way that is not known here") from error
        except DAMAGED as error:
            raise NoPath("they are damaged") from error
        with content:
            target, descriptor = self._created(path)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    self._copy(content, file, member.packed)
            except NoPath:
                target.unlink()
                raise
            except OSError as error:
                raise _unwritable(error) from error
        if target != path:
            self._renamed.append(_shown(str(target.relative_to(self._root))))
        if member.time is not None:
            _set_time(target, member.time)

    def _created(self, path: Path) -> tuple[Path, int]:
        """A new file, called `path` or nearly so: whether a name is taken, the system tells."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        target = path
        while True:
            try:
                return target, os.open(target, flags, 0o600)
            except FileExistsError:
                self._numbers[path] += 1
                target = path.with_name(shortened(path.name, f" ({self._numbers[path]})"))
            except OSError as error:
                raise _unwritable(error) from error

    def _copy(self, content: IO[bytes], file: BinaryIO, packed: int | None) -> None:
        """Copy a member's bytes, counting what really comes."""
        most = _MOST_OF_ONE
        if packed is not None:
            most = min(most, max(_SMALL, RATIO * min(packed, self._size)))
        written = 0
        while block := _next_block(content):
            written += len(block)
            self._read += len(block)
            if written > most:
                raise NoPath(
                    f"they become more than {_MOST_OF_ONE // MIB} MiB, or {RATIO} times as large, "
                    f"unpacked"
                )
            if self._read > self._most:
                raise Rejected(too_large())
            file.write(block)


def _next_block(content: IO[bytes]) -> bytes:
    try:
        return content.read(_BLOCK)
    except DAMAGED as error:
        raise NoPath("they are damaged") from error


def _set_time(path: Path, seconds: float) -> None:
    """Give a file the time that an archive tells, where that is one."""
    try:
        os.utime(path, (seconds, seconds))
    except (OSError, ValueError, OverflowError, TypeError):
        return  # it keeps the time of unpacking: the archive's is none that a system knows


def _unwritable(error: OSError) -> UsageError:
    return UsageError(
        f"An archive is unpacked where there is room for it. Received: {error.strerror}. Make "
        f"room, or name another folder."
    )


def _shown(name: str) -> str:
    """A name of an archive as a person can read it, whatever is in it."""
    clean = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in name)
    return clean if len(clean) <= 120 else f"{clean[:120]}…"
