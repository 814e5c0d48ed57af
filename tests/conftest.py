"""What all tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites golden results; their diff is reviewed like code."""
    parser.addoption("--update-golden", action="store_true", help="rewrite golden results")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden results are to be rewritten instead of compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let the programs that a test starts hear Ctrl-C.

    What a shell starts in the background ignores it, and so does whatever that starts: then a
    program that is sent SIGINT goes on as if nothing had been. A signal with a function of ours is
    an ordinary one again in a new program.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
