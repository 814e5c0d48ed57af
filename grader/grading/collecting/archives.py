"""Archives → folders, as far as zip files go."""

from __future__ import annotations

import re
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from grader.errors import Rejected

_NAMED = re.compile(
    r".\.(?:zip|tar|tar\.(?:gz|bz2|xz)|tgz|tbz2?|txz|rar|7z)$", re.IGNORECASE | re.S
)


@dataclass(frozen=True)
class Unpacked:
    """A folder with what an archive held; `said` tells what was left out of it and why."""

    folder: Path
    said: tuple[str, ...] = ()


def is_archive(path: Path) -> bool:
    """Whether a file is called an archive."""
    return bool(_NAMED.search(path.name)) and path.is_file()


def unpack(archive: Path, to: Path, below: Path | None = None) -> Unpacked:
    """Unpack an archive into the folder `to`; Rejected where it is none."""
    del below
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(to)  # noqa: S202 - zipfile leaves out paths that lead outside
        else:
            with tarfile.open(archive) as tar:
                tar.extractall(to, filter="data")
    except (
        OSError,
        zipfile.BadZipFile,
        tarfile.TarError,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as error:
        raise Rejected(f"An archive is a zip or a tar file. Received: {archive}.") from error
    return Unpacked(to)
