"""The same hand-ins in two places: a download made twice, an archive beside its own folder."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from grader.grading.collecting.candidates import Candidate
from grader.grading.collecting.files import printable
from grader.grading.collecting.names import archive_stem
from grader.grading.collecting.passed_over import PassedOver

Sourced = tuple[str, Candidate]
"""Where a candidate comes from, an archive or what was named, and the candidate."""


def sourced(path: Path, candidates: Iterable[Candidate]) -> list[Sourced]:
    """The candidates of a path that was named, each with the archive in it that it comes from."""
    named = printable(str(path))
    return [
        (
            str(Path(named, printable(first)))
            if len(one.entry.parts) > 2 and archive_stem(first := one.entry.parts[1]) != first
            else named,
            one,
        )
        for one in candidates
    ]


def each_once(found: Sequence[Sourced], said: PassedOver) -> list[Candidate]:
    """The candidates without those that an earlier source holds of the same student; it is said.

    Nothing is left out that a platform tells of as another attempt or upload.
    """
    first: dict[tuple[object, ...], str] = {}
    kept: list[Candidate] = []
    again: defaultdict[str, Counter[str]] = defaultdict(Counter)
    if len({source for source, _ in found}) < 2:
        return [one for _, one in found]
    for source, one in found:
        owner, sha256 = one.owner, one.look.sha256
        key = (one.student, owner.id, owner.attempt, owner.upload, owner.time, sha256)
        if sha256 and first.setdefault(key, source) != source:
            again[source][first[key]] += 1
        else:
            kept.append(one)
    whole = Counter(source for source, _ in found)
    for source, earlier in again.items():
        _tell(source, earlier, whole[source], said)
    return kept


def says_nothing_new(source: str, earlier: Iterable[str]) -> str:
    """That all of a source was in others; they are told by their names, where these differ."""
    paths = [source, *earlier]
    names = [printable(Path(path).name) for path in paths]
    if len({*names}) < len(names) or "" in names:
        names = paths
    return f"{names[0]} holds nothing that {_either(names[1:])} has not."


def _tell(source: str, earlier: Counter[str], whole: int, said: PassedOver) -> None:
    without = [line for line in said.without if line.startswith(f"{source}/")]
    known = {one.removeprefix(f"{place}/") for place in earlier for one in said.without}
    news = [line for line in without if line.removeprefix(f"{source}/") not in known]
    said.without = [line for line in said.without if line not in without or line in news]
    if earlier.total() == whole and not news:
        said.repeated.append(says_nothing_new(source, earlier))
    else:
        said.repeated.append(
            f"{earlier.total()} of {whole} notebooks in {source} are in {_either([*earlier])}, "
            f"too, and count once."
        )


def _either(names: Sequence[str]) -> str:
    return " or ".join(names)
