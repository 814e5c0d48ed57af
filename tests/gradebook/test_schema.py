"""Tables have versions: old ones are migrated with all that is in them, newer ones refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, insert, inspect, select, text

from grader.errors import UsageError
from grader.gradebook import Gradebook
from grader.gradebook.database import Database, url_of
from grader.gradebook.models import Base, CommentRow, ExerciseRow
from grader.gradebook.schema import MIGRATIONS, VERSIONS, migrate
from tests.gradebook.records import broken, exercise, result
from tests.report.samples import hostile, submission


def test_models_and_migrations_are_equal(url: str) -> None:
    """What all migrations make is what the models declare, types and constraints included."""
    with Gradebook.open(url) as book:
        found = book.database.read(
            lambda c: compare_metadata(MigrationContext.configure(c), Base.metadata)
        )
        declared = {c.name for t in Base.metadata.sorted_tables for c in t.constraints}
        tables = {t.name: t for t in Base.metadata.sorted_tables}
        made = book.database.read(lambda c: _constraints(c, list(tables)))
    assert found == []
    assert declared == made


def _constraints(connection: Connection, tables: list[str]) -> set[str | None]:
    """The names of all constraints that the database has."""
    there = inspect(connection)
    found: set[str | None] = set()
    for table in tables:
        found.add(there.get_pk_constraint(table)["name"])
        found |= {key["name"] for key in there.get_foreign_keys(table)}
        found |= {key["name"] for key in there.get_unique_constraints(table)}
    return found


def test_every_version_is_known() -> None:
    """The versions that a gradebook may have are those that have a migration, in their order."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(VERSIONS)


def populated(url: str) -> tuple[Gradebook, Database]:
    """A gradebook of today and one of the first version, with the same content, hostile too."""
    today = Gradebook.open("sqlite://")
    today.keep(result("ana", exercise(earned=1, misconception="slow"), exercise("pool")), "key")
    today.keep(result("bea", exercise(), id="17"), "key", today.begin_run("class"))
    today.keep(broken("cyn"), "")
    today.keep(submission(hostile(), student="eve", lesson="pooling"), "key")
    today.override("ana", "convolution/relu", 2, reason="It is right.", author="me")
    today.set_late("10%/day")
    old = Database(url_of(url))
    old.write(lambda c: migrate(c, VERSIONS[0]))
    for table in Base.metadata.sorted_tables:
        if table.name not in (ExerciseRow.__tablename__, CommentRow.__tablename__):
            _copy(table, today.database, old)
    return today, old


def _copy(table: Table, there: Database, here: Database) -> None:
    rows = there.read(lambda c: [dict(row) for row in c.execute(select(table)).mappings()])
    here.write(lambda c: c.execute(insert(table), rows))


def test_an_older_gradebook_is_migrated_with_all_that_is_in_it(url: str) -> None:
    """A gradebook of the first version is opened, and says all that one of today says."""
    today, old = populated(url)
    old.close()
    with today, Gradebook.open(url) as migrated:
        assert migrated.current() == today.current()
        assert migrated.statistics() == today.statistics()
        assert migrated.results() == today.results()
        assert migrated.attempts("ana") == today.attempts("ana")
        assert migrated.late == today.late


def test_a_migration_that_fails_changes_nothing(url: str) -> None:
    """Where one record cannot be migrated, the gradebook stays as it was, whole."""
    today, old = populated(url)
    today.close()
    old.write(lambda c: c.execute(text("UPDATE attempts SET record = :no"), {"no": b"oops"}))
    with pytest.raises(Exception, match="check"):
        Gradebook.open(url)
    version = old.read(lambda c: c.scalar(text("SELECT version_num FROM alembic_version")))
    there = old.read(lambda c: inspect(c).has_table("exercise_results"))
    old.close()
    assert (version, there) == (VERSIONS[0], False)


def test_a_newer_gradebook_is_refused(url: str) -> None:
    """One sentence says that it takes a newer grader; nothing is changed."""
    with Gradebook.open(url) as book:
        book.database.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num='9'")))
    for _ in range(2):
        with pytest.raises(UsageError, match=r"up to version 0003.*version '9', of a newer"):
            Gradebook.open(url)


def test_two_commands_may_make_it_at_once(url: str) -> None:
    """Of several that open the same new gradebook, one makes the tables, and all can use them."""
    program = (
        "import sys; from grader.gradebook import Gradebook\n"
        "with Gradebook.open(sys.argv[1]) as book: print(book.begin_run('class'))"
    )
    command = [sys.executable, "-c", program, url]
    opened = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = [one.communicate(timeout=120) for one in opened]
    assert sorted(out for out, _ in told) == ["1\n", "2\n", "3\n"], told


def test_migrations_run_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the folder that one is in nor a strange name of the file's matters."""
    folder = tmp_path / "100% of #class? [a]"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with Gradebook.open("grade book%.sqlite") as book:
        book.keep(result("ana", exercise()), "key")
    assert [path.name for path in folder.iterdir()] == ["grade book%.sqlite"]
