"""Versions of the tables: a new gradebook gets the newest, an older one is brought up to it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from grader.errors import UsageError
from grader.gradebook.database import Database

VERSIONS = ("0001", "0002", "0003")
"""Every version there was, oldest first, as the migrations name them."""

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x67726164  # any number that no other program's advisory lock has: "grad"


def bring_up_to_date(database: Database) -> None:
    """Give the database the newest tables, with all that is in it, or change nothing.

    Of two commands that open it at once, one migrates and the other waits. Raises UsageError for a
    gradebook of a newer grader. What fails leaves the database closed.
    """
    try:
        if database.read(_version) != VERSIONS[-1]:
            database.write(migrate)
    except BaseException:
        database.close()
        raise


def migrate(connection: Connection, to: str = "head") -> None:
    """Migrate within the transaction of `connection`, up to the version `to`."""
    # Alembic takes a third of a second to load: only a gradebook that needs it waits for it.
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    _version(connection)  # another command may have been first
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, to)


def _version(connection: Connection) -> str | None:
    """The version of the tables that are there; None where there are none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if version is None or version in VERSIONS:
        return version
    raise UsageError(
        f"This grader reads gradebooks up to version {VERSIONS[-1]}. Received: version "
        f"{str(version)!r}, of a newer grader. Install that one."
    )
