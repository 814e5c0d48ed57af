"""The database of a gradebook: its URL, connections that keep what they are given, transactions.

Whatever a database refuses becomes one sentence, in which no password stands.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
    func,
    literal_column,
    make_url,
    select,
    table,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    SQLAlchemyError,
)

from grader.errors import UsageError

Answer = TypeVar("Answer")

_BUSY = 60.0  # seconds that one command waits for another one's transaction
_CONNECT = 15  # seconds until a server that does not answer is given up
_TRIES = 5
_WRITES = "grader_writes"
# PostgreSQL keeps with each row the number of the transaction that wrote it. Results of exercises
# change only with their attempt.
_ROWS_NOW = select(
    *(
        select(func.concat(func.count(), " ", func.sum(literal_column("xmin::text::bigint"))))
        .select_from(table(name))
        .scalar_subquery()
        for name in ("students", "submissions", "attempts", "overrides", "comments", "settings")
    )
)
_SECRET = {"password", "sslpassword", "passfile"}


def file_url(path: Path) -> URL:
    """The URL of a SQLite file, whatever characters its path has."""
    return URL.create("sqlite", database=str(path))


def url_of(text: str) -> URL:
    """The URL that a person wrote, or the path of a SQLite file; UsageError if it is neither."""
    if "://" not in text:
        if not text.strip():
            raise UsageError(f"{_RULE} Received: nothing. Leave --gradebook out, or name one.")
        return file_url(Path(text))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # which quote the URL, and a password with it
        scheme = text.partition("://")[0]
        raise UsageError(
            f"{_RULE} Received: a URL that begins with {scheme!r}, which cannot be read. Write "
            f"what is special in a password as %XX."
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise UsageError(
            f"{_RULE} Received: {url.drivername!r}. Name a database of one of these kinds."
        )
    return url


_RULE = "A gradebook is a SQLite file or a PostgreSQL database, postgresql://USER@HOST/DATABASE."


def shown(url: URL) -> str:
    """The URL as it may be shown: without any password."""
    query = {name: value for name, value in url.query.items() if name not in _SECRET}
    return url.set(query=query).render_as_string(hide_password=True)


class Database:
    """A database and its transactions. Use as a context manager, or call `close`."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._engine = _engine(url)
        self._watching: tuple[Any, object] | None = None

    @property
    def name(self) -> str:
        """What people call it: the file of a SQLite database, the URL of others."""
        file = self.url.database if self.url.get_backend_name() == "sqlite" else None
        return file or shown(self.url)

    def close(self) -> None:
        """Give every connection back."""
        with self._told():
            self._unwatch()
            self._engine.dispose()

    def version(self) -> Hashable:
        """Another one after each change that anybody made; quick to ask, again and again.

        Called from one thread at a time. A SQLite file that was replaced by another one is opened
        again. What is compared are versions that one `Database` told.
        """
        with self._told():
            if self.url.get_backend_name() == "sqlite":
                return self._version_of_file()
            with self._engine.connect() as connection:
                return tuple(connection.execute(_ROWS_NOW).one())

    def _version_of_file(self) -> Hashable:
        """SQLite counts what other connections commit, for one connection that changes nothing."""
        there = _identity(self.url.database or "")
        if self._watching is not None and self._watching[1] != there:
            self._unwatch()
            self._engine.dispose()
        if self._watching is None:
            self._watching = (self._engine.raw_connection(), there)
        cursor = self._watching[0].cursor()
        try:
            return (there, *cursor.execute("PRAGMA data_version").fetchone())
        finally:
            cursor.close()

    def _unwatch(self) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching[0].close()

    def read(self, question: Callable[[Connection], Answer]) -> Answer:
        """What `question` finds, all of it as of one moment."""
        return self._in_transaction(question, writes=False)

    def write(self, change: Callable[[Connection], Answer]) -> Answer:
        """Make a change, all of it or nothing; when this returns, it is on the disk.

        Another command may have made the same row at the same moment, and a server may have been
        started again: then `change` is called once more, from the beginning.
        """
        return self._in_transaction(change, writes=True)

    def _in_transaction(self, job: Callable[[Connection], Answer], *, writes: bool) -> Answer:
        with self._told():
            for _ in range(_TRIES - 1):
                try:
                    return self._once(job, writes=writes)
                except IntegrityError:
                    continue
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
            return self._once(job, writes=writes)

    def _once(self, job: Callable[[Connection], Answer], *, writes: bool) -> Answer:
        with self._engine.connect() as connection:
            connection = connection.execution_options(**{_WRITES: writes})
            with connection.begin():
                return job(connection)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            cause = getattr(error, "orig", None) or error
            lines = self._without_password(str(cause)).split("\n")
            raise UsageError(
                f"The gradebook is a database that can be read and written. Received: "
                f"{lines[0].rstrip('.')!r}, of {self.name}. Check that it is there, is a gradebook "
                f"and may be written; what was kept before stands."
            ) from error

    def _without_password(self, text: str) -> str:
        secrets = [self.url.password, *(self.url.query.get(name) for name in _SECRET)]
        for secret in secrets:
            if isinstance(secret, str) and secret:
                text = text.replace(secret, "***")
        return text


def _identity(file: str) -> tuple[int, int]:
    """What tells a file from another one of its name; UsageError where there is none."""
    try:
        status = os.stat(file)  # noqa: PTH116 - its name may be any text
    except OSError as error:
        raise UsageError(
            f"The gradebook is a database that can be read and written. Received: "
            f"{error.strerror!r}, of {file}. Put it back, or name another one."
        ) from error
    return status.st_dev, status.st_ino


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": _BUSY})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    arguments = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT}
    try:
        engine = create_engine(url, connect_args=arguments, pool_pre_ping=True)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise UsageError(
            "PostgreSQL is reached through the package psycopg. Received: a Python without it. "
            "Run `pip install 'cnn-course-grader[postgresql]'`."
        ) from error
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Called by SQLAlchemy for each new connection."""
    connection.isolation_level = None  # transactions begin when `_begin_sqlite` says so
    cursor = connection.cursor()
    for remaining in reversed(range(int(_BUSY * 20))):
        try:
            # SQLite does not wait here for another connection that does the same.
            cursor.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or not remaining:
                raise
            time.sleep(0.05)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Called by SQLAlchemy when a transaction begins.

    One that will write takes its turn at once: one that reads first, and then finds that another
    has written, could only fail.
    """
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    """Called by SQLAlchemy for each new connection: what is committed is on the server's disk."""
    cursor = connection.cursor()
    cursor.execute(
        "SELECT set_config('synchronous_commit', 'on', false) "
        "WHERE current_setting('synchronous_commit') = 'off'"
    )
    cursor.close()
    connection.commit()
