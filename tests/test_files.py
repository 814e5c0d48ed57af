"""Files that are there as a whole or not at all, and files that one process holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.files import held, replacing


def test_a_file_is_replaced_when_all_is_written(tmp_path: Path) -> None:
    """Until then what stood there is read, and nothing else is left behind."""
    path = tmp_path / "marks.csv"
    path.write_text("old")
    with replacing(path, to_disk=True) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_in_the_middle_leaves_what_stood_there(tmp_path: Path) -> None:
    """Half a file is never seen, not even under another name."""
    path = tmp_path / "marks.csv"
    path.write_text("old")

    def write_half() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_file_is_its_owners_only(tmp_path: Path) -> None:
    """Also while it is written: a secret is in it."""
    with replacing(tmp_path / "pack.zip", private=True) as file:
        file.write(b"secret")
        [being_written] = tmp_path.iterdir()
        assert being_written.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "pack.zip").stat().st_mode & 0o777 == 0o600


def test_a_lock_is_held_by_one_process_and_goes_with_it(tmp_path: Path) -> None:
    """Another process is refused while the first lives, and has it when that one was killed."""
    lock = tmp_path / ".lock"
    code = (
        "import sys, time; from pathlib import Path; from grader.files import held\n"
        "with held(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(600)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE)
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(BlockingIOError), held(lock):
            pytest.fail("two processes hold it")
        other.kill()
    with held(lock):
        assert lock.exists()
