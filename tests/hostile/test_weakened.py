"""Each attack of the corpus is real: where one wall is missing, it succeeds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.hostile.corpus import Attack, Run, World, attacks, grade_corpus, named_in, succeeded
from tests.hostile.weakened import ALONE, CLASSES

pytestmark = pytest.mark.kernel

ATTACKS = attacks()
BY_ONE = [attack for attack in ATTACKS if attack.weak in ALONE]
IN_CLASS = [attack for attack in ATTACKS if attack.weak in CLASSES]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Something to steal and to reach."""
    with World(tmp_path_factory.mktemp("weak")) as made:
        yield made


@pytest.fixture(scope="module")
def weak_runs(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[str, Run]]:
    """The chosen attacks, graded in classes by the real grader without some of its walls."""
    chosen = named_in(request.session.items, IN_CLASS)
    with ExitStack() as worlds:
        runs = {}
        for name, settings in CLASSES.items():
            world = worlds.enter_context(World(tmp_path_factory.mktemp(name)))
            own = [attack for attack in chosen if attack.weak == name]
            runs[name] = grade_corpus(own, world, **settings)
        yield runs


@pytest.mark.parametrize("attack", BY_ONE, ids=lambda attack: attack.id)
def test_it_succeeds_where_a_wall_is_missing(attack: Attack, world: World) -> None:
    """A grader that judges inside, unpickles or trusts messages falls for it."""
    seen = ALONE[attack.weak](attack, world)
    assert succeeded(attack, seen), repr(seen)


@pytest.mark.parametrize("attack", IN_CLASS, ids=lambda attack: attack.id)
def test_it_succeeds_with_our_own_rights(attack: Attack, weak_runs: dict[str, Run]) -> None:
    """Graded without isolation, or without limits, it takes what it wants."""
    seen = weak_runs[attack.weak].evidence(attack)
    assert succeeded(attack, seen), repr(seen)


def test_every_setting_is_one_of_ours() -> None:
    """Each file names a weakened setting that there is."""
    assert {attack.weak for attack in ATTACKS} == {*ALONE, *CLASSES, "plain_report"}
