"""What all tests share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites golden results; their diff is reviewed like code."""
    parser.addoption("--update-golden", action="store_true", help="rewrite golden results")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden results are to be rewritten instead of compared."""
    return bool(request.config.getoption("--update-golden"))
