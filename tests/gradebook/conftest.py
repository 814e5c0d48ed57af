"""What tests of the gradebook share: a database of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.gradebook import Gradebook
from tests.databases import Server, postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL server for all tests of a module."""
    # No longer: other modules look for processes that are left over.
    with postgresql() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gradebook.sqlite'}"
    server: Server = request.getfixturevalue("server")
    return server.new_database()


@pytest.fixture(scope="module")
def empty_on_server(server: Server) -> str:
    """The URL of an empty gradebook on the server, to be copied."""
    url = server.new_database()
    Gradebook.open(url).close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gradebook]:
    """A new gradebook in each kind of database in turn."""
    url = str(tmp_path / "gradebook.sqlite")
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("server")
        url = server.copy_of(request.getfixturevalue("empty_on_server"))
    with Gradebook.open(url) as opened:
        yield opened
