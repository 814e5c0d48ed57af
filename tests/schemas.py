"""The published schemas that our output is held against, fetched once: `python tests/schemas.py`.

They belong to other projects, so none is kept in this repository. A test that needs one fails where
it cannot be had.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

_PYTEST = "9.2.0"
_MEMBER = f"pytest-{_PYTEST}/testing/example_scripts/junit-10.xsd"
_SHA256 = "a1a816f58d1bf95ebabf371994df0b9246dee66ea9572fbec4f9296f1b2c0ff6"


def folder() -> Path:
    """Where schemas are kept: $GRADER_SCHEMAS, or `schemas` in the Python environment."""
    return Path(os.environ.get("GRADER_SCHEMAS") or Path(sys.prefix) / "schemas")


def junit_xsd() -> Path:
    """The Jenkins xUnit plugin's schema of JUnit XML, out of pytest's source distribution."""
    schema = folder() / "junit-10.xsd"
    if not schema.exists():
        with tempfile.TemporaryDirectory() as downloads:
            content = _member(_download(f"pytest=={_PYTEST}", Path(downloads)), _MEMBER)
        digest = hashlib.sha256(content).hexdigest()
        if digest != _SHA256:
            raise ValueError(f"{_MEMBER} should have the SHA-256 {_SHA256}. Received: {digest}.")
        schema.parent.mkdir(parents=True, exist_ok=True)
        temporary = schema.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_bytes(content)
        temporary.replace(schema)
    return schema


def _download(requirement: str, to: Path) -> Path:
    """The source distribution of a package."""
    name = requirement.partition("==")[0]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-binary", name, "--dest", str(to), requirement]
    subprocess.run(command, check=True)
    [archive] = to.glob("*.tar.gz")
    return archive


def _member(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as files:
        file = files.extractfile(name)
        if file is None:
            raise ValueError(f"{name} should be a file of {archive.name}.")
        return file.read()


if __name__ == "__main__":
    sys.stdout.write(f"{junit_xsd()}\n")
