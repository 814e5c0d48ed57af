"""Databases for tests: SQLite files, and a PostgreSQL server that the tests start themselves."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

PATIENCE = 120.0  # seconds: the machine may be busy


class Server:
    """A PostgreSQL server that listens on a socket in its own folder, and nowhere else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://grader@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """The URL of a database that nobody has used before."""
        return self._made("")

    def copy_of(self, database: str) -> str:
        """The URL of a new database that has all that `database`, which nobody uses, has."""
        return self._made(f" TEMPLATE {make_url(database).database}")

    def _made(self, how: str) -> str:
        name = f"class_{uuid.uuid4().hex[:12]}"
        with self._connected() as connection:
            connection.execute(f"CREATE DATABASE {name}{how}".encode())
        return self.url(name)

    def drop_connections(self) -> None:
        """End every session but one's own, as a server does that is started again."""
        with self._connected() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            with self._connected():
                return True
        except psycopg.OperationalError:
            return False

    def _connected(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url("postgres"), autocommit=True)


@contextmanager
def postgresql() -> Iterator[Server]:
    """A server, started for the tests and ended after them; it refuses to run as root.

    An AssertionError says where there is none: these tests are never left out.
    """
    programs = _programs()
    user = _ordinary_user()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path is short
    os.chown(folder, user.pw_uid, user.pw_gid)
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}
    rights = as_user if os.geteuid() == 0 else {}
    shared: dict[str, Any] = {
        "cwd": folder,
        "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"},
        **rights,
    }
    data, log = folder / "data", folder / "log"
    initdb: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "grader",
        "--auth=trust",
        "-E",
        "UTF8",
        "-N",
    ]
    subprocess.run(initdb, check=True, capture_output=True, timeout=PATIENCE, **shared)
    # What a killed client has committed does not depend on the server's fsync.
    settings = ("listen_addresses=", f"unix_socket_directories={folder}", "fsync=off")
    command: list[str | Path] = [programs / "postgres", "-D", data]
    for setting in settings:
        command += ["-c", setting]
    with log.open("wb") as output:
        running = subprocess.Popen(command, stdout=output, stderr=output, **shared)
    server = Server(folder)
    try:
        until = time.monotonic() + PATIENCE
        while not server.ready():
            ended = running.poll() is not None or time.monotonic() > until
            assert not ended, f"PostgreSQL does not start:\n{log.read_text()}"
            time.sleep(0.1)
        yield server
    finally:
        running.send_signal(signal.SIGQUIT)  # at once, keeping nothing
        running.wait(PATIENCE)
        shutil.rmtree(folder)


def _programs() -> Path:
    """Where Debian puts the newest server, or the folder in PATH that has one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if found:
        return found[-1].parent
    anywhere = shutil.which("initdb")
    assert anywhere, "These tests need a PostgreSQL server: `make system` installs one."
    return Path(anywhere).parent


def _version(path: Path) -> float:
    return float(path.parts[-3])


def _ordinary_user() -> pwd.struct_passwd:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
