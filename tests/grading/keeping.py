"""Places where tests keep results, in memory and in files."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from grader.results import SubmissionResult


class InMemory:
    """Results by their keys; `kept` counts how often something new was kept."""

    def __init__(self) -> None:
        self.results: dict[str, SubmissionResult] = {}
        self.kept = 0

    def known(self, key: str) -> SubmissionResult | None:
        """The latest result under a key."""
        return self.results.get(key)

    def keep(self, result: SubmissionResult, *, key: str, again: bool = False) -> None:  # noqa: ARG002
        """Keep it until the test ends."""
        self.kept += self.results.get(key) != result
        self.results[key] = result


class InFiles:
    """Results as files that are there as a whole or not at all, and of each student never twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def known(self, key: str) -> SubmissionResult | None:
        """What stands in the latest file of the key."""
        found = sorted(self.folder.glob(f"{key}/*.json"), key=lambda path: path.stat().st_mtime_ns)
        return SubmissionResult.from_json(found[-1].read_bytes()) if found else None

    def keep(self, result: SubmissionResult, *, key: str, again: bool = False) -> None:  # noqa: ARG002
        """Write the student's file to the disk; FileExistsError where there is another one."""
        folder = self.folder / key
        folder.mkdir(exist_ok=True)
        own = folder / f"{result.student}.json"
        if own.exists() and own.read_text(encoding="utf-8") == result.to_json():
            return
        half = folder / f"half-{secrets.token_hex(8)}"
        with half.open("w", encoding="utf-8") as file:
            file.write(result.to_json())
            file.flush()
            os.fsync(file.fileno())
        os.link(half, own)
        half.unlink()
