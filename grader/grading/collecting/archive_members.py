"""What lies in an archive, one member after the other; what their headers say is not believed."""

from __future__ import annotations

import io
import lzma
import stat
import struct
import tarfile
import time
import zipfile
import zlib
from bz2 import BZ2File
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from gzip import GzipFile
from lzma import LZMAFile
from typing import IO, Any, BinaryIO

from grader.errors import Rejected
from grader.grading.collecting.archive_names import texts

MIB = 2**20
MOST_MEMBERS = 100_000
MOST_BYTES = 8 * 2**30
"""What all members together may have once unpacked, in bytes."""
RATIO, ALLOWED = 100, 1024 * MIB
"""An archive may become so many times as large, or this large, in bytes, whichever is more."""
_HEADER, _DIRECTORY = MIB, 64 * MIB  # of a tar, one at a time; of a zip, all of them

DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    LookupError,
    RuntimeError,  # zipfile's word for a password, and Python's for headers without end
    AssertionError,
    MemoryError,  # what an unpacker is told to need
)
"""What the standard library raises when what it reads is no proper archive."""


@dataclass(frozen=True)
class Member:
    """One thing in an archive.

    `wrong` says why it cannot be unpacked, for example as it is a link. `time` is when it was
    changed, in seconds since 1970, and `packed` how many bytes it takes in the archive, where they
    are its own.
    """

    name: str
    open: Callable[[], IO[bytes]]
    is_folder: bool = False
    wrong: str = ""
    time: float | None = None
    packed: int | None = None


def members_of(file: BinaryIO, size: int) -> Iterator[Member]:
    """The members of a zip or tar archive of `size` bytes, in order.

    Raises Rejected where it is neither, or too large, and one of DAMAGED where it breaks off.
    """
    begins = file.read(512)
    file.seek(0)
    if begins.startswith(b"\x1f\x8b"):
        return _of_tar(GzipFile(fileobj=file), size)
    if begins.startswith(b"BZh"):
        return _of_tar(BZ2File(file), size)
    if begins.startswith(b"\xfd7zXZ\0"):
        return _of_tar(LZMAFile(file), size)
    # The last file of a tar may be a zip, whose end is the tar's end.
    is_tar = begins[257:262] == b"ustar"
    if not is_tar and (begins.startswith(b"PK") or zipfile.is_zipfile(file)):
        file.seek(0)
        return _of_zip(file)
    file.seek(0)
    return _of_tar(file, size)


# -- zip


def _of_zip(file: BinaryIO) -> Iterator[Member]:
    guarded = _ZipFile(file)
    try:
        archive = zipfile.ZipFile(guarded)
    except DAMAGED as error:
        raise Rejected(f"its list of files is damaged ({error})") from error
    members = archive.infolist()
    guarded.heads = {member.header_offset for member in members}
    raw = [_raw_name(member) for member in members]
    for member, name, its_bytes in zip(members, texts(raw), raw, strict=True):
        member.orig_filename = its_bytes.decode("cp437")  # as the member's own head will be read
        yield Member(
            _unicode_path(member, its_bytes) or name,
            lambda member=member: archive.open(member),  # type: ignore[misc]  # bound each time
            name.endswith(("/", "\\")),
            _wrong_in_zip(member),
            _time_in_zip(member),
            member.compress_size,
        )
    if guarded.is_torn:
        raise zipfile.BadZipFile("its list of files ends early")


class _ZipFile(io.RawIOBase):
    """The file of a zip as `zipfile` reads it: its directory is bounded, and names are mended.

    A name that says it is UTF-8 and is not would keep the whole archive from being read. `heads`
    are the places where members begin, once they are known; `is_torn` is a directory of which one
    entry covers others, which `zipfile` passes over.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.heads: set[int] | None = None
        self.is_torn = False

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int | None = -1, /) -> bytes:
        size = -1 if size is None else size
        if self.heads is None:
            return self._of_directory(size)
        is_head = size == _LOCAL_HEAD and self._file.tell() in self.heads
        found = self._file.read(size)
        if is_head and len(found) == size:
            (flags,) = struct.unpack_from("<H", found, 6)
            return found[:6] + struct.pack("<H", flags & ~_UTF8) + found[8:]
        return found

    def _of_directory(self, size: int) -> bytes:
        if size > _DIRECTORY:
            raise Rejected(_too_many())
        found = self._file.read(size)
        if not found.startswith(b"PK\x01\x02"):
            return found
        if found.count(b"PK\x01\x02") > MOST_MEMBERS:
            raise Rejected(_too_many())
        mended, end = _with_honest_flags(bytearray(found))
        self.is_torn = end != len(found)
        return mended


def _with_honest_flags(directory: bytearray) -> tuple[bytes, int]:
    """A zip's directory in which only what is UTF-8 is called so, and where its entries end."""
    at = 0
    while directory[at : at + 4] == b"PK\x01\x02" and at + 46 <= len(directory):
        (flags,) = struct.unpack_from("<H", directory, at + 8)
        lengths = struct.unpack_from("<3H", directory, at + 28)
        try:
            directory[at + 46 : at + 46 + lengths[0]].decode("utf-8")
        except UnicodeDecodeError:
            struct.pack_into("<H", directory, at + 8, flags & ~_UTF8)
        at += 46 + sum(lengths)
    return bytes(directory), at


_UTF8, _ENCRYPTED, _UNIX, _LOCAL_HEAD = 0x800, 0x1, 3, 30
_UNICODE_PATH, _TIMES = 0x7075, 0x5455


def _raw_name(member: zipfile.ZipInfo) -> bytes:
    return member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8 else "cp437")


def _extra(member: zipfile.ZipInfo, kind: int) -> bytes:
    """The content of an extra field, empty where there is none."""
    left = member.extra
    while len(left) >= 4:
        found, length = struct.unpack_from("<2H", left)
        if found == kind:
            return left[4 : 4 + length]
        left = left[4 + length :]
    return b""


def _unicode_path(member: zipfile.ZipInfo, raw: bytes) -> str:
    """Info-ZIP's name in UTF-8, where it belongs to the name that stands there; else empty."""
    field = _extra(member, _UNICODE_PATH)
    if len(field) < 5 or field[0] != 1:
        return ""
    if struct.unpack_from("<I", field, 1)[0] != zlib.crc32(raw):
        return ""
    try:
        return field[5:].decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _wrong_in_zip(member: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(member.external_attr >> 16) if member.create_system == _UNIX else 0
    if kind == stat.S_IFLNK:
        return "links are not followed"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "they are no ordinary files"
    return "they are locked with a password" if member.flag_bits & _ENCRYPTED else ""


def _time_in_zip(member: zipfile.ZipInfo) -> float | None:
    field = _extra(member, _TIMES)
    if len(field) >= 5 and field[0] & 1:  # in UTC
        return float(struct.unpack_from("<i", field, 1)[0])
    with suppress(ValueError, OverflowError):
        return time.mktime((*member.date_time, 0, 0, -1))
    return None


# -- tar


def _of_tar(file: Any, size: int) -> Iterator[Member]:
    most = max(size, min(2 * MOST_BYTES, max(ALLOWED, RATIO * size)))
    bounded = _Bounded(file, most)
    try:
        archive = tarfile.open(  # noqa: SIM115 - nothing to close but the file, which is not ours
            fileobj=bounded, mode="r:", encoding="utf-8", errors="surrogateescape"
        )
    except DAMAGED as error:
        raise Rejected("it is neither") from error
    before = -1
    for _ in range(MOST_MEMBERS):
        if (member := archive.next()) is None:
            _ensure_end(bounded, archive.offset)
            return
        if member.offset <= before:
            raise tarfile.ReadError("its members lie in each other")
        before = member.offset
        archive.members = []  # type: ignore[attr-defined]  # it would keep every header
        yield Member(
            texts([member.name.encode("utf-8", "surrogateescape")])[0],
            lambda member=member: _opened(archive, member),  # type: ignore[misc]  # bound each time
            member.isdir(),
            _wrong_in_tar(member),
            member.mtime,
        )
    if archive.next() is not None:
        raise Rejected(_too_many())


def _ensure_end(file: _Bounded, at: int) -> None:
    """Raise ReadError where a tar's members do not end as they should: `tarfile` lets that pass.

    What is packed as a whole is read to its very end, where its checksum stands.
    """
    file.seek(at)
    block = file.read(tarfile.BLOCKSIZE)
    if len(block) < tarfile.BLOCKSIZE or any(block):
        raise tarfile.ReadError("its members end early")
    while file.read(MIB):
        continue


class _Bounded(io.RawIOBase):
    """A tar's bytes, unpacked on the way: never more than `most`, nor much at a time."""

    def __init__(self, file: Any, most: int) -> None:
        self._file, self._most = file, most

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        place: int = self._file.tell()
        return place

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if whence == 0 and offset > self._most:
            raise Rejected(too_large())
        place: int = self._file.seek(offset, whence)
        return place

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0 or size > _HEADER:
            raise tarfile.ReadError("a header is too long")
        found: bytes = self._file.read(size)
        if self._file.tell() > self._most:
            raise Rejected(too_large())
        return found


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    found = archive.extractfile(member)
    if found is None:
        raise tarfile.ReadError("it has no content")
    return found


def _wrong_in_tar(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return "links are not followed"
    return "" if member.isreg() or member.isdir() else "they are no ordinary files"


def too_large() -> str:
    """Why an archive is refused that would fill the disk."""
    return f"it becomes more than {MOST_BYTES // 2**30} GiB, or {RATIO} times as large, unpacked"


def _too_many() -> str:
    return f"it holds more than {MOST_MEMBERS} files"
