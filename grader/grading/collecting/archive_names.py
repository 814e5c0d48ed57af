"""Names in archives: bytes of any encoding → text, and text → a path that stays in its folder."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from grader.grading.collecting.folders import DEEPEST

# In what archives without Unicode were written: Japan, China, Taiwan, then DOS and Windows of the
# West and of Russia. Where several fit equally, the first is taken: bytes that pair up well are
# rarely chance.
_ENCODINGS = ("cp932", "gb2312", "big5", "cp437", "cp1252", "cp866", "cp1251", "gbk")
_EVERY_BYTE = "cp437"  # has a character for each, and is what the zip format names
_LONGEST, _LONGEST_PATH = 255, 2000  # bytes: of a name on the usual file systems, and of a path
_DRIVE = re.compile(r"[A-Za-z]:")
_HALF_WIDTH = range(0xFF61, 0xFFA0)


class NoPath(Exception):
    """A name that is no path inside a folder; says why."""


def texts(names: Sequence[bytes]) -> list[str]:
    """The names of one archive as text; the same encoding is guessed for all that are not UTF-8."""
    other = [name for name in names if not _is_utf8(name)]
    encoding = min((_strangeness(other, one), place) for place, one in enumerate(_ENCODINGS))[1]
    guess = _ENCODINGS[encoding] if other else _EVERY_BYTE
    return [_decoded(name, guess) for name in names]


def _decoded(name: bytes, guess: str) -> str:
    for encoding in ("utf-8", guess):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode(_EVERY_BYTE)


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _strangeness(names: Sequence[bytes], encoding: str) -> float:
    """How little the names look like names where they are read in this encoding."""
    strange = 0.0
    for name in names:
        try:
            text = name.decode(encoding)
        except UnicodeDecodeError:
            return float("inf")
        strange += sum(map(_is_strange, text))
        strange += sum(map(_do_not_meet, text, text[1:]))
    return strange


def _is_strange(character: str) -> bool:
    if character.isascii():
        return not character.isprintable()
    return ord(character) in _HALF_WIDTH or unicodedata.category(character)[0] not in "LMN"


def _do_not_meet(left: str, right: str) -> bool:
    """Whether two characters seldom stand beside each other in one word."""
    if not (left.isalpha() and right.isalpha()) or (left.isascii() and right.isascii()):
        return False
    return _script(left) != _script(right) or (left.islower() and right.isupper())


def _script(letter: str) -> str:
    return "LATIN" if letter.isascii() else unicodedata.name(letter, "?").partition(" ")[0]


def path_parts(name: str) -> tuple[str, ...]:
    """The folders and the name of a file in an archive; NoPath where it would not stay inside.

    Composed accents (NFC), without what some systems do not keep: control characters, spaces and
    dots at an end. Names that are too long are cut; their ending stays.
    """
    if "\0" in name:
        raise NoPath("their names hold a zero byte")
    whole = name.replace("\\", "/")  # as writers on Windows have it
    parts = [part for part in whole.split("/") if part not in ("", ".")]
    if whole.startswith("/") or ".." in parts or (parts and _is_drive(parts[0], whole)):
        raise NoPath("their paths lead out of the archive")
    kept = tuple(map(_kept, parts))
    if not all(kept):
        raise NoPath("their names are empty")
    if len(kept) > DEEPEST:
        raise NoPath(f"they lie in more than {DEEPEST} folders in each other")
    if len("/".join(kept).encode()) > _LONGEST_PATH:
        raise NoPath("their paths are too long")
    return kept


def _is_drive(first: str, whole: str) -> bool:
    return bool(_DRIVE.fullmatch(first)) and whole.startswith(f"{first}/")


def _kept(part: str) -> str:
    """A name as every file system keeps it."""
    part = part.encode("utf-8", "backslashreplace").decode("utf-8")  # halves of characters
    clean = "".join("_" if unicodedata.category(one) == "Cc" else one for one in part)
    return shortened(unicodedata.normalize("NFC", clean).rstrip(" ."))


def shortened(name: str, addition: str = "") -> str:
    """The name with `addition` before its ending, and cut before that to fit a file system."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > 20:  # it has no ending
        stem, dot, ending = name, "", ""
    left = _LONGEST - len(f"{addition}{dot}{ending}".encode())
    return f"{stem.encode()[:left].decode('utf-8', 'ignore')}{addition}{dot}{ending}"
