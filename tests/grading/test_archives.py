"""Archives of any kind, honest, damaged and hostile: what is unpacked, and what is said."""

from __future__ import annotations

import io
import os
import random
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import Rejected, UsageError
from grader.grading.collecting import archive_members, archives
from grader.grading.collecting.archives import is_archive, unpack

TREE = {
    "class/ana/01_convolution.ipynb": b'{"cells": []}',
    "class/ana/data/prices.csv": b"1,2\n" * 50_000,
    "class/ben/01_convolution.ipynb": b"",
}


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    """A zip of these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, files: Mapping[str, bytes], mode: str = "w:gz") -> Path:
    """A tar of these files."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), 1_700_000_000
            archive.addfile(member, io.BytesIO(content))
    return path


def raw_zip(path: Path, members: Iterable[tuple[bytes, int, bytes, bytes]]) -> Path:
    """A zip of stored members, (name, flags, extra field, content), as no library writes it."""
    body, directory, count = b"", b"", 0
    for name, flags, extra, content in members:
        sizes = struct.pack("<3I", zlib.crc32(content), len(content), len(content))
        head = struct.pack("<5H", 20, flags, 0, 0, 0x5A21) + sizes
        lengths = struct.pack("<2H", len(name), len(extra))
        at = struct.pack("<3HII", 0, 0, 0, 0, len(body))
        directory += b"PK\1\2" + struct.pack("<H", 20) + head + lengths + at + name + extra
        body += b"PK\3\4" + head + lengths + name + extra + content
        count += 1
    ends = struct.pack("<4H2IH", 0, 0, count, count, len(directory), len(body), 0)
    path.write_bytes(body + directory + b"PK\5\6" + ends)
    return path


def there(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path there."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


@pytest.mark.parametrize(
    "name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "a.tar.xz", "named_as_nothing"]
)
def test_archives_of_each_kind_are_unpacked(name: str, tmp_path: Path) -> None:
    """A zip and every tar become the same folder, whatever is told of rights."""
    path = tmp_path / name
    kind = {".tar": "w:", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w:gz")
    is_zip = path.suffix in (".zip", "")
    (zipped(path, TREE) if is_zip else tarred(path, TREE, kind))
    assert is_archive(path)
    unpacked = unpack(path, tmp_path / "out" / "a")
    assert there(unpacked.folder) == TREE
    assert unpacked.said == ()
    assert {stat.S_IMODE(p.stat().st_mode) for p in unpacked.folder.rglob("*.*")} == {0o600}
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.zip", b"PK\3\4", True),
        ("a.ZIP", b"<html>", True),
        ("hw.rar", b"Rar!", True),
        ("report.docx", b"PK\3\4", False),
        ("weights.npz", b"PK\3\4", False),
        ("a.ipynb", b"{}", False),
        (".zip", b"", False),
        ("plain", b"text", False),
    ],
)
def test_what_is_an_archive(name: str, content: bytes, expected: bool, tmp_path: Path) -> None:
    """A file is an archive by its name, or by its content where its name says nothing else."""
    (tmp_path / name).write_bytes(content)
    assert is_archive(tmp_path / name) is expected
    assert not is_archive(tmp_path)
    assert not is_archive(tmp_path / "nothing.zip")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"<!DOCTYPE html><title>Log in</title>", "it is a page of HTML"),
        (b"Rar!\x1a\x07\0" + b"x" * 50, "it is a RAR archive"),
        (b"\x1f\x8b" + b"x" * 50, "neither"),
        (b"PK\3\4" + b"x" * 50, "damaged"),
        (b"nothing of the kind " * 100, "neither"),
    ],
)
def test_what_is_no_archive_is_refused_in_a_sentence(
    content: bytes, said: str, tmp_path: Path
) -> None:
    """What cannot be unpacked at all is rejected, with what it is, and nothing is left."""
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(Rejected, match=said):
        unpack(path, tmp_path / "to")
    assert [found.name for found in tmp_path.iterdir()] == ["a.zip"]


def test_no_path_leads_out(tmp_path: Path) -> None:
    """Paths with `..`, a root, a drive or a zero byte are left out, and said; the rest is there."""
    bad = ["../up", "a/../../up", "/etc/up", "C:\\up", "c:/up", "..\\up", "\\\\server\\up", ".."]
    members = [(name.encode(), 0x800, b"", b"x") for name in [*bad, "a\0b", "..", "good/./a"]]
    path = raw_zip(tmp_path / "a.zip", members)
    unpacked = unpack(path, tmp_path / "to")
    assert there(unpacked.folder) == {"good/a": b"x"}
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.zip", "to"]
    assert all(name in " ".join(unpacked.said) for name in bad)


def test_links_and_devices_are_left_out(tmp_path: Path) -> None:
    """No link, device or pipe is made, and what a link in the archive leads to is not written."""
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (
            ("link", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("pipe", tarfile.FIFOTYPE),
            ("device", tarfile.CHRTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, str(tmp_path)
            archive.addfile(member)
        archive.addfile(tarfile.TarInfo("link/written"))
    unpacked = unpack(path, tmp_path / "to")
    assert there(unpacked.folder) == {"link/written": b""}
    assert all(name in " ".join(unpacked.said) for name in ("hard", "pipe", "device", "link"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zip_file:
        info = zipfile.ZipInfo("link")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        zip_file.writestr(info, "/etc/passwd")
    assert there(unpack(tmp_path / "a.zip", tmp_path / "other").folder) == {}


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("José Ñúñez/a.ipynb", "utf-8"),
        ("Jörg Groß/a.ipynb", "cp437"),
        ("Élise Bézier/a.ipynb", "latin-1"),
        ("李伟/作业 一.ipynb", "gbk"),
        ("山田太郎/作業.ipynb", "cp932"),
        ("陳大文/作業.ipynb", "big5"),
        ("Иванов/Мария.ipynb", "cp866"),
    ],
)
def test_names_in_old_encodings_are_read(name: str, encoding: str, tmp_path: Path) -> None:
    """Names that do not say which encoding they have are read as people wrote them."""
    path = raw_zip(tmp_path / "a.zip", [(name.encode(encoding), 0, b"", b"x")])
    assert there(unpack(path, tmp_path / "to").folder) == {name: b"x"}


def test_info_zips_own_name_counts_first(tmp_path: Path) -> None:
    """The Unicode path field of Info-ZIP is the name, but not where it belongs to another one."""

    def field(raw: bytes, name: str) -> bytes:
        content = b"\1" + struct.pack("<I", zlib.crc32(raw)) + name.encode()
        return struct.pack("<2H", 0x7075, len(content)) + content

    members = [
        (b"\x81.ipynb", 0, field(b"\x81.ipynb", "ü.ipynb"), b"1"),
        (b"old.ipynb", 0, field(b"renamed.ipynb", "new.ipynb"), b"2"),
    ]
    path = raw_zip(tmp_path / "a.zip", members)
    assert there(unpack(path, tmp_path / "to").folder) == {"ü.ipynb": b"1", "old.ipynb": b"2"}


def test_a_name_that_is_wrongly_called_utf8_costs_nobody_anything(tmp_path: Path) -> None:
    """One name with a wrong flag does not keep the others from being unpacked."""
    members = [(b"\xe9l\xe8ve.ipynb", 0x800, b"", b"1"), (b"a.ipynb", 0, b"", b"2")]
    found = there(unpack(raw_zip(tmp_path / "a.zip", members), tmp_path / "to").folder)
    assert found == {"élève.ipynb": b"1", "a.ipynb": b"2"}


def test_no_file_replaces_another(tmp_path: Path) -> None:
    """The same name twice, in two normal forms, or with a dot at its end, makes two files."""
    names = [
        "a.ipynb",
        "a.ipynb",
        "é.ipynb",
        "e\u0301.ipynb",
        "b",
        "b.",
        "b ",
        "C.ipynb",
        "c.ipynb",
    ]
    members = [(name.encode(), 0x800, b"", str(i).encode()) for i, name in enumerate(names)]
    unpacked = unpack(raw_zip(tmp_path / "a.zip", members), tmp_path / "to")
    assert sorted(there(unpacked.folder).values()) == [b"%d" % i for i in range(len(names))]
    assert "a (2).ipynb" in unpacked.said[0]


def test_long_names_are_cut_and_stay_apart(tmp_path: Path) -> None:
    """A name too long for a file system is cut before its ending; two of them stay two files."""
    members = [(b"x" * 300 + b"%d.ipynb" % i, 0, b"", b"%d" % i) for i in range(2)]
    members.append((("ü" * 200 + ".ipynb").encode(), 0x800, b"", b"2"))
    members.append((b"/".join([b"d"] * 60) + b"/deep", 0, b"", b"3"))
    members.append((b"/".join([b"y" * 250] * 30), 0, b"", b"4"))
    unpacked = unpack(raw_zip(tmp_path / "a.zip", members), tmp_path / "to")
    assert sorted(there(unpacked.folder).values()) == [b"0", b"1", b"2"]
    assert all(name.endswith(".ipynb") for name in there(unpacked.folder))
    assert len(unpacked.said) == 3


def test_a_bomb_is_left_out_and_the_rest_is_there(tmp_path: Path) -> None:
    """A member that becomes a thousand times as large costs only itself."""
    path = zipped(tmp_path / "a.zip", {"bomb": b"\0" * (40 * 2**20), "good": b"x"})
    unpacked = unpack(path, tmp_path / "to")
    assert there(unpacked.folder) == {"good": b"x"}
    assert "bomb" in unpacked.said[0]


def test_sizes_in_headers_are_not_believed(tmp_path: Path) -> None:
    """A member that says it is small and is not costs only itself."""
    path = zipped(tmp_path / "a.zip", {"bomb": b"\0" * 2**20, "good": b"x"})
    content = path.read_bytes().replace(struct.pack("<I", 2**20), struct.pack("<I", 10))
    path.write_bytes(content)
    assert there(unpack(path, tmp_path / "to").folder) == {"good": b"x"}


def test_an_archive_too_large_as_a_whole_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would fill the disk, or has too many files, is refused, and nothing of it is left."""
    for module in (archive_members, archives):
        monkeypatch.setattr(module, "ALLOWED", 2**20)
    large = {f"{number}": os.urandom(64) + bytes(2**20) for number in range(4)}
    for path in (zipped(tmp_path / "a.zip", large), tarred(tmp_path / "a.tar.gz", large)):
        with pytest.raises(Rejected, match="times as large"):
            unpack(path, tmp_path / "to")
    monkeypatch.setattr(archive_members, "MOST_MEMBERS", 20)
    many = {str(number): b"" for number in range(21)}
    for path in (zipped(tmp_path / "b.zip", many), tarred(tmp_path / "b.tar", many, "w")):
        with pytest.raises(Rejected, match="more than 20 files"):
            unpack(path, tmp_path / "to")
    assert not [found for found in tmp_path.iterdir() if found.is_dir()]


def test_headers_that_ask_for_everything_get_nothing(tmp_path: Path) -> None:
    """A tar header that announces gigabytes of itself is not read into memory."""
    member = tarfile.TarInfo("x")
    member.type, member.size = tarfile.XHDTYPE, 6 * 2**30
    (tmp_path / "a.tar").write_bytes(member.tobuf(tarfile.PAX_FORMAT) + bytes(4096))
    with pytest.raises(Rejected, match=r"damaged|neither"):
        unpack(tmp_path / "a.tar", tmp_path / "to")


def test_locked_and_damaged_members_are_told(tmp_path: Path) -> None:
    """A member with a password, or with a bit that changed, costs only itself."""
    path = zipped(tmp_path / "a.zip", {"locked": b"1" * 99, "torn": b"2" * 99, "good": b"3"})
    content = bytearray(path.read_bytes())
    for place in (content.index(b"PK\3\4") + 6, content.index(b"PK\1\2") + 8):
        content[place] |= 1
    content[content.index(b"torn") + 5] ^= 0xFF
    path.write_bytes(content)
    unpacked = unpack(path, tmp_path / "to")
    assert there(unpacked.folder) == {"good": b"3"}
    assert [line.split(": ", 1)[1] for line in unpacked.said] == [
        "left out locked: they are locked with a password.",
        "left out torn: they are damaged.",
    ]


def test_of_an_archive_that_breaks_off_the_beginning_is_kept(tmp_path: Path) -> None:
    """A download that was cut off loses what is missing, and says so."""
    files = {f"{number}.ipynb": random.Random(number).randbytes(40_000) for number in range(5)}
    path = tarred(tmp_path / "a.tar.gz", files)
    path.write_bytes(path.read_bytes()[:120_000])
    unpacked = unpack(path, tmp_path / "to")
    found = there(unpacked.folder)
    assert len(found) == 2
    assert all(files[name] == content for name, content in found.items())
    assert "damaged" in " ".join(unpacked.said)


def test_times_are_kept(tmp_path: Path) -> None:
    """A file has the time that the archive tells; one that is no time does no harm."""
    zip_file = zipped(tmp_path / "a.zip", {})
    with zipfile.ZipFile(zip_file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a", (2026, 2, 3, 10, 11, 12)), b"")
        archive.writestr(zipfile.ZipInfo("b", (1980, 0, 0, 0, 0, 0)), b"")
    to = unpack(zip_file, tmp_path / "to").folder
    assert time.localtime((to / "a").stat().st_mtime)[:6] == (2026, 2, 3, 10, 11, 12)
    other = unpack(tarred(tmp_path / "a.tar", {"c": b""}, "w"), tmp_path / "other").folder
    assert (other / "c").stat().st_mtime == 1_700_000_000


def test_empty_folders_are_there(tmp_path: Path) -> None:
    """A student who handed in an empty folder is still to be seen."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ana/", b"")
        archive.writestr("ben\\", b"")
    to = unpack(path, tmp_path / "to").folder
    assert sorted(found.name for found in to.iterdir()) == ["ana", "ben"]


def test_the_folder_is_new_or_empty(tmp_path: Path) -> None:
    """What is in the folder already is neither mixed with an archive nor removed."""
    path = zipped(tmp_path / "a.zip", TREE)
    (tmp_path / "to").mkdir()
    unpack(path, tmp_path / "to")
    with pytest.raises(UsageError, match="new folder"):
        unpack(path, tmp_path / "to")
    assert there(tmp_path / "to") == TREE


def test_a_link_to_an_archive_is_not_followed_from_a_students_folder(tmp_path: Path) -> None:
    """What another student handed in is not unpacked through a link."""
    zipped(tmp_path / "a.zip", TREE)
    (tmp_path / "mallory").mkdir()
    (tmp_path / "mallory" / "hw.zip").symlink_to(tmp_path / "a.zip")
    with pytest.raises(Rejected, match="cannot be read"):
        unpack(tmp_path / "mallory" / "hw.zip", tmp_path / "to", below=tmp_path)
    unpack(tmp_path / "mallory" / "hw.zip", tmp_path / "to")  # a teacher's own link is followed


def test_interrupted_unpacking_leaves_no_folder_that_looks_whole(tmp_path: Path) -> None:
    """Killed in the middle, there is no folder under the name that was asked for."""
    path = zipped(tmp_path / "a.zip", {f"{n}": os.urandom(2**20) for n in range(60)})
    code = (
        "import sys; from pathlib import Path\n"
        "from grader.grading.collecting.archives import unpack\n"
        "print('begins', flush=True); unpack(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(path), str(tmp_path / "to")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        while running.poll() is None and not list(tmp_path.glob(".unpacking-*/*")):
            time.sleep(0.001)
        running.kill()
    assert not (tmp_path / "to").exists() or len(there(tmp_path / "to")) == 60


# -- random ones: names from a hostile alphabet, and real archives with bits that changed

_HOSTILE = [
    "a",
    "A",
    "é",
    "e\u0301",
    "ß",
    "李",
    ".",
    "..",
    " ",
    "/",
    "\\",
    "C:",
    "\0",
    "\n",
    "\x1b",
    "~",
]
_NAMES = st.lists(st.sampled_from(_HOSTILE), min_size=1, max_size=8).map("".join)
_RAW = st.one_of(_NAMES.map(str.encode), _NAMES.map(lambda n: n.encode("utf-16-le")), st.binary())
_FLAGS = st.sampled_from([0, 0x800])
_QUICK = settings(
    max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


def unpacked_safely(path: Path, place: Path) -> tuple[list[bytes], str]:
    """The contents that come of an archive, and what is said; nothing else is written or made."""
    shutil.rmtree(place / "to", ignore_errors=True)
    before = sorted(found.name for found in place.iterdir())
    try:
        unpacked = unpack(path, place / "to")
    except Rejected as error:
        assert sorted(found.name for found in place.iterdir()) == before
        return [], str(error)
    assert sorted(found.name for found in place.iterdir()) == sorted([*before, "to"])
    for found in (place / "to").rglob("*"):
        mode = found.lstat().st_mode
        assert stat.S_ISREG(mode) or stat.S_ISDIR(mode)
    return list(there(place / "to").values()), "\n".join(unpacked.said)


@pytest.fixture(scope="module")
def place() -> Iterable[Path]:
    """A folder for one archive after the other."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def _accounted(contents: list[bytes], said: str, count: int) -> None:
    """Each of `count` members is there once with its own bytes, or is said to be left out."""
    assert len(set(contents)) == len(contents)
    assert set(contents) <= {b"%d" % number for number in range(count)}
    named = sum(
        1 + line.count(", ") + _more(line) for line in said.split("\n") if "left out" in line
    )
    assert len(contents) + named >= count, said


def _more(line: str) -> int:
    _, found, rest = line.partition(" and ")
    return int(rest.split()[0]) if found and rest.split()[0].isdigit() else 0


@_QUICK
@given(st.lists(st.tuples(_RAW, _FLAGS), max_size=6))
def test_zips_with_names_of_any_kind(place: Path, names: list[tuple[bytes, int]]) -> None:
    """Whatever members of a zip are called, each is there with its bytes or said, and inside."""
    members = [(name, flag, b"", b"%d" % i) for i, (name, flag) in enumerate(names)]
    contents, said = unpacked_safely(raw_zip(place / "a.zip", members), place)
    assert "damaged" not in said
    # In Shift-JIS, the byte of a backslash may be half of a letter: then it is a file all the same.
    ends = [
        b"%d" % number for number, (name, _) in enumerate(names) if name.endswith((b"/", b"\\"))
    ]
    _accounted([*contents, *(end for end in ends if end not in contents)], said, len(names))


@_QUICK
@given(st.lists(_NAMES, max_size=6))
def test_tars_with_names_of_any_kind(place: Path, names: list[str]) -> None:
    """Whatever members of a tar are called, each is there with its bytes or said, and inside."""
    path = place / "a.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for number, name in enumerate(names):
            member = tarfile.TarInfo(name)
            member.size = len(b"%d" % number)
            archive.addfile(member, io.BytesIO(b"%d" % number))
    _accounted(*unpacked_safely(path, place), len(names))


WHOLE = {f"ana/{n}.ipynb": random.Random(n).randbytes(300) + bytes(300) for n in range(4)}


@cache
def whole() -> list[bytes]:
    """Real archives of each kind."""
    files, made = WHOLE, []
    with tempfile.TemporaryDirectory() as folder:
        made.append(zipped(Path(folder) / "a.zip", files).read_bytes())
        path = Path(folder) / "a.tar"
        kinds = ("w:", "w:gz", "w:bz2", "w:xz")
        made += [tarred(path, files, kind).read_bytes() for kind in kinds]
    return made


@settings(_QUICK, max_examples=500)
@given(
    which=st.integers(0, 4),
    flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), max_size=6),
    kept=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_damaged_archives_are_unpacked_or_refused(
    place: Path,
    which: int,
    flips: list[tuple[float, int]],
    kept: float,
) -> None:
    """Where bits changed, or the end is missing, what is there is whole, or it is said."""
    content = bytearray(whole()[which])
    for at, change in flips:
        content[int(at * len(content))] ^= change
    path = place / "a.zip"
    path.write_bytes(content[: round(kept * len(content))])
    begun = time.monotonic()
    contents, said = unpacked_safely(path, place)
    assert said or len(contents) == len(WHOLE)
    if which != 1:  # a plain tar has no checksum of what its files hold
        assert said or sorted(contents) == sorted(WHOLE.values())
    assert time.monotonic() - begun < 30
