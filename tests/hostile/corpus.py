"""The corpus of hostile submissions: how a file is read, graded in a class, and seen to succeed."""

from __future__ import annotations

import ctypes
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import jupytext
import pytest
import yaml

from grader.grading.collecting.submissions import Submission
from grader.grading.pool import Plan, grade_all
from grader.kernel.limits import KernelLimits, Limits
from grader.results import ExerciseResult, SubmissionResult, Verdict
from tests.notebooks import RIGHT, Cell, cells_of, notebook, write_notebook

CORPUS = Path(__file__).resolve().parent
GROUPS = ("forging", "resources", "escape", "reports")
SOLUTIONS = CORPUS.parent.parent / "solutions" / "01_convolution.py"

HONEST_EVERY = 5
CELL_SECONDS = 4.0
SUBMISSION_SECONDS = 40.0
_TIGHT = KernelLimits(memory=512 * 2**20)
# No limits worth the name; what the corpus takes is bounded by itself.
_LIFTED = KernelLimits(memory=2**40, output=2**40)


# ------------------------------------------------------------------------------------------------
# What a file of the corpus says.


@dataclass(frozen=True)
class Expected:
    """What must come of one exercise: one of some verdicts, and exactly these points."""

    verdicts: tuple[Verdict, ...]
    points: float

    @classmethod
    def read(cls, text: str) -> Self:
        """From `failed|error 0`."""
        verdicts, points = text.split()
        return cls(tuple(Verdict(word) for word in verdicts.split("|")), float(points))

    def meets(self, result: ExerciseResult) -> bool:
        """Whether that is what came of it."""
        return result.verdict in self.verdicts and result.score == self.points


@dataclass(frozen=True, repr=False)
class Attack:
    """One hostile submission: a percent-format notebook, and what its header says about it.

    `succeeds` is a kind of evidence and what it is about; `weak` the setting in which it must be
    there. `copies` are handed in by as many students.
    """

    path: Path
    tries: str
    expect: dict[str, Expected]
    seconds: float
    weak: str
    succeeds: tuple[str, str]
    cells: tuple[Cell, ...]
    copies: int
    student: str

    @property
    def id(self) -> str:
        """`forging/equals_everything`."""
        return f"{self.path.parent.name}/{self.path.stem}"

    def __repr__(self) -> str:
        return self.id

    @property
    def names(self) -> list[str]:
        """The students who hand it in."""
        name = self.student or self.id.replace("/", "-")
        return [name, *(f"{name}-{number}" for number in range(2, self.copies + 1))]


def read_attack(path: Path) -> Attack:
    """A file of the corpus; its last cell is an honest `feature_map_size`, unless it has one.

    Right answers are appended so that every file shows that the rest of a notebook still counts.
    """
    first, *cells = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells
    header = yaml.safe_load(first.source.strip().strip("-"))
    kind, _, about = str(header["succeeds"]).partition(" ")
    own: list[Cell] = []
    for cell in cells:
        if cell.cell_type == "code":
            exercise = cell.metadata.get("exercise")
            own.append((exercise, cell.source) if exercise else cell.source)
    answered = {cell[0] for cell in own if isinstance(cell, tuple)}
    if "feature_map_size" not in answered:
        own.append(("feature_map_size", RIGHT["feature_map_size"]))
    return Attack(
        path=path,
        tries=header["tries"],
        expect={name: Expected.read(text) for name, text in header["expect"].items()},
        seconds=float(header["seconds"]),
        weak=header["weak"],
        succeeds=(kind, about),
        cells=tuple(own),
        copies=int(header.get("copies", 1)),
        student=str(header.get("student", "")),
    )


def attacks(groups: Iterable[str] = GROUPS) -> list[Attack]:
    """Every attack of these groups, in the order of their names."""
    return [read_attack(path) for group in groups for path in sorted((CORPUS / group).glob("*.py"))]


def named_in(items: Iterable[pytest.Item], known: Iterable[Attack]) -> list[Attack]:
    """The attacks that the tests to run are about: `-k forging` grades only those."""
    names = " ".join(item.nodeid for item in items)
    return [attack for attack in known if f"[{attack.id}]" in names]


# ------------------------------------------------------------------------------------------------
# What there is to steal and to reach, and what is seen of it.


class World:
    """Secrets, servers and victims for one run, gone when it ends.

    Everything that an attack is told, reaches or leaves carries this run's `token`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = f"hostile{secrets.token_hex(6)}"
        self.secrets = {
            kind: f"planted-{kind}-{secrets.token_hex(8)}"
            for kind in (
                *("file", "environment", "submission", "memory", "tcp", "udp", "unix", "abstract"),
                "seed",
            )
        }
        self.arrivals: list[tuple[str, bytes]] = []
        self.segment = int(self.token[-6:], 16) | 1
        self._servers: dict[str, socket.socket] = {}
        self._over = threading.Event()
        self._victims: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o777)
        self.secret_file = self.folder / "marks.txt"
        self.secret_file.write_text(self.secrets["file"])
        self.writable_file = self.folder / "gradebook.txt"
        self.writable_file.write_text("ana 3\n")
        self.writable_file.chmod(0o666)
        os.environ[self.token] = self.secrets["environment"]
        for name in ("victim", "target"):
            self._victims[name] = _victim(self.secrets["memory"])
        # A Unix socket's path is short, so it does not lie in the test's folder.
        self._sockets = Path(tempfile.mkdtemp(prefix=f"{self.token}-", dir="/tmp"))
        self._sockets.chmod(0o777)
        for name, family, kind, address in (
            ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            ("unix", socket.AF_UNIX, socket.SOCK_STREAM, str(self._sockets / "s")),
            ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self.token}"),
            ("link", socket.AF_UNIX, socket.SOCK_STREAM, str(self._sockets / "l")),
        ):
            server = socket.socket(family, kind)
            server.bind(address)
            if kind == socket.SOCK_STREAM:
                server.listen(50)
            server.settimeout(0.2)
            self._servers[name] = server
            threading.Thread(target=self._serve, args=(name, server), daemon=True).start()
        for name in ("s", "l"):
            (self._sockets / name).chmod(0o777)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for victim in self._victims.values():
            victim.kill()
            victim.wait()
        for process in self.left_processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        for server in self._servers.values():
            server.close()
        shutil.rmtree(self._sockets, ignore_errors=True)
        os.environ.pop(self.token, None)
        libc = ctypes.CDLL(None)
        found = libc.shmget(self.segment, 0, 0)
        if found >= 0:
            libc.shmctl(found, 0, None)  # IPC_RMID

    def _serve(self, name: str, server: socket.socket) -> None:
        answer = self.secrets.get(name, "nothing").encode()
        while not self._over.is_set():
            try:
                if server.type == socket.SOCK_DGRAM:
                    data, sender = server.recvfrom(200)
                    server.sendto(answer, sender)
                else:
                    connection, _ = server.accept()
                    with connection:
                        connection.settimeout(0.5)
                        data = b""
                        with suppress(OSError):
                            data = connection.recv(200)
                        with suppress(OSError):
                            connection.sendall(answer)
            except TimeoutError:
                continue
            except OSError:
                return
            self.arrivals.append((name, data))

    def planted(self, name: str, *, places: Sequence[str] = ()) -> str:
        """The first cell of a hostile notebook: all that an attacker may have found out before."""
        known = {
            "me": name,
            "mark": f"{self.token}-{name}",
            "folder": str(self.folder),
            "places": [str(self.folder), *places],
            "secret_file": str(self.secret_file),
            "writable_file": str(self.writable_file),
            "neighbor": str(self.folder / "class" / "honest-1.ipynb"),
            "solutions": str(SOLUTIONS),
            "tcp": list(self._servers["tcp"].getsockname()),
            "udp": list(self._servers["udp"].getsockname()),
            "unix": str(self._sockets / "s"),
            "link": str(self._sockets / "l"),
            "abstract": self.token,
            "victim": self._victims["victim"].pid,
            "target": self._victims["target"].pid,
            "grader": os.getpid(),
            "segment": self.segment,
        }
        return f"PLANTED = {known!r}"

    def left_processes(self, name: str = "") -> list[int]:
        """The processes whose command line carries the mark of an attack, or of any."""
        wanted = f"{self.token}-{name}".encode()
        found = []
        for process in Path("/proc").iterdir():
            with suppress(OSError):
                if process.name.isdigit() and wanted in (process / "cmdline").read_bytes():
                    found.append(int(process.name))
        return found

    def left_segments(self) -> list[str]:
        """System V shared memory of this machine that carries the key which attacks were told."""
        lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
        return [line for line in lines if line.split()[0] == str(self.segment)]

    def left_files(self, name: str = "") -> list[Path]:
        """The files that carry the mark of an attack, or of any, where one might write them."""
        places = [self.folder, *map(Path, ("/tmp", "/dev/shm", "/var/tmp", "/dev", "/run"))]
        pattern = f"{self.token}-{name}*"
        return [path for place in places for path in place.glob(pattern) if path != self._sockets]

    def is_dead(self, victim: str) -> bool:
        """Whether a process that an attack was to kill has ended."""
        return self._victims[victim].poll() is not None


def _victim(secret: str) -> subprocess.Popen[bytes]:
    """A process that any other may look into, as far as Linux lets it; it holds a secret."""
    code = (
        "import ctypes, time; ctypes.CDLL(None).prctl(0x59616d61, -1, 0, 0, 0)\n"
        f"held = '-'.join({secret.split('-')!r}); time.sleep(600)"
    )
    return subprocess.Popen([sys.executable, "-I", "-c", code])


@dataclass
class Evidence:
    """What is there to see after an attack has run: the points it got, and every text it made."""

    world: World
    points: float = 0.0
    text: str = ""
    results: list[SubmissionResult] = field(default_factory=list)

    def __repr__(self) -> str:
        """What a failing test needs to say."""
        found = [
            f"{one.student}: {one.verdict}, {one.seconds} s, {one.message}\n"
            + "\n".join(
                f"  {of.id}: {of.verdict} {of.score} {of.message[:1000]!r}"
                for of in one.exercises
                if of.id in RIGHT
            )
            for one in self.results
        ]
        return "\n".join(found) or self.text[-2000:]


def succeeded(attack: Attack, seen: Evidence) -> bool:
    """Whether an attack reached what its header names, in a weak setting or behind the walls."""
    kind, about = attack.succeeds
    name = attack.id.replace("/", "-")
    match kind:
        case "points":
            return seen.points >= 3
        case "unwritable":
            return seen.text != seen.text.encode("utf-8", "replace").decode()
        case "says":
            return re.search(about, seen.text) is not None
        case "tells":
            return seen.world.secrets[about] in seen.text
        case "reaches":
            return any(server == about for server, _ in seen.world.arrivals)
        case "leaves" if about == "process":
            return bool(seen.world.left_processes(name))
        case "leaves" if about == "file":
            return bool(seen.world.left_files(name))
        case "changes":
            return name in seen.world.writable_file.read_text()
        case "kills":
            return seen.world.is_dead(about)
        case "silences":
            return not seen.results and "score:" not in seen.text
        case "breaks":
            return any(result.verdict is Verdict.BROKEN for result in seen.results)
    raise ValueError(f"{attack.id}: there is no evidence of the kind {kind!r}")


# ------------------------------------------------------------------------------------------------
# A class with all of them in it.


@dataclass
class Run:
    """A class that was graded: the records by student, and how long it took in seconds."""

    world: World
    records: dict[str, SubmissionResult] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def honest(self) -> list[SubmissionResult]:
        """The records of the honest submissions, in the order they were handed in."""
        return [self.records[name] for name in self.order if name.startswith("honest-")]

    def evidence(self, attack: Attack) -> Evidence:
        """What there is to see of an attack."""
        results = [self.records[name] for name in attack.names if name in self.records]
        return Evidence(
            self.world,
            points=max((points_of(result, "patch_response") for result in results), default=0),
            text="\n".join(map(text_of, results)),
            results=results,
        )


def text_of(result: SubmissionResult) -> str:
    """All of a record as text, even where it holds what no file can."""
    return json.dumps(result.model_dump(mode="json"), ensure_ascii=False, indent=1)


def points_of(result: SubmissionResult, exercise: str) -> float:
    """The points of one exercise of a record; 0 where it is not in it."""
    return sum(found.score or 0 for found in result.exercises if found.id == exercise)


def grade_corpus(
    chosen: Sequence[Attack],
    world: World,
    *,
    isolation: str = "sandbox",
    limited: bool = True,
    more: Sequence[Submission] = (),
    jobs: int = 2,
) -> Run:
    """Grade attacks in one class, an honest submission first, last and after each few of them.

    This is the only place of the corpus that knows how a class is graded. `more` are submissions
    handed in beside them.
    """
    folder = world.folder / "class"
    folder.mkdir(exist_ok=True)
    # Folders of the system that some attacks try to write to. Without isolation they do not get
    # them: those walls are this machine's own.
    places = ["/", "/dev", "/run", "/run/kernel", "/opt", "/opt/grader", "/var/tmp", "/dev/mqueue"]
    known = places if isolation == "sandbox" else []
    hostile = list(more)
    for attack in chosen:
        for name in attack.names:
            cells = [world.planted(attack.id.replace("/", "-"), places=known), *attack.cells]
            path = folder / f"{len(hostile):03}.ipynb"
            hostile.append(Submission(name, write_notebook(path, cells)))
    submissions: list[Submission] = []
    for start in range(0, max(1, len(hostile)), HONEST_EVERY):
        submissions += [_honest(world, start // HONEST_EVERY + 1)]
        submissions += hostile[start : start + HONEST_EVERY]
    submissions.append(_honest(world, len(hostile) // HONEST_EVERY + 2))
    run = Run(world, order=[submission.student for submission in submissions])

    def keep(result: SubmissionResult) -> None:
        run.records[result.student] = result

    limits = Limits(CELL_SECONDS, SUBMISSION_SECONDS, _TIGHT)
    plan = Plan(
        world.secrets["seed"].encode(),
        limits if limited else replace(limits, cell=20.0, kernel=_LIFTED),
        lesson="convolution",
        jobs=jobs,
        isolation=isolation,
    )
    begun = time.monotonic()
    grade_all(submissions, plan, keep)
    run.seconds = time.monotonic() - begun
    return run


def _honest(world: World, number: int) -> Submission:
    """Right answers to the two exercises, and a text that nobody else is to read."""
    first = f"work = 'my own work, {world.secrets['submission']}'"
    path = world.folder / "class" / f"honest-{number}.ipynb"
    return Submission(f"honest-{number}", write_notebook(path, [first, *cells_of(RIGHT)]))


def malformed() -> dict[str, dict[str, Any]]:
    """What `malformed/expected.yaml` says of each file."""
    text = (CORPUS / "malformed" / "expected.yaml").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return found


def malformed_submissions() -> list[Submission]:
    """The malformed notebooks, as if each was handed in by a student of its name."""
    folder = CORPUS / "malformed"
    return [Submission(f"malformed-{name}", folder / f"{name}.ipynb") for name in malformed()]


def sources(attack: Attack, world: World) -> list[str]:
    """The code cells of an attack alone, for settings that do not read notebooks."""
    planted = world.planted(attack.id.replace("/", "-"))
    cells = notebook([planted, *attack.cells])["cells"]
    return [str(cell["source"]) for cell in cells]


def as_json(attack: Attack, world: World) -> str:
    """The same as a JSON list."""
    return json.dumps(sources(attack, world))


# ------------------------------------------------------------------------------------------------
# What must be as it was before.


@dataclass(frozen=True)
class Trace:
    """What a submission could leave on a machine, of which nobody else changes anything."""

    descriptors: frozenset[str]
    mounts: frozenset[str]
    children: frozenset[int]

    @classmethod
    def take(cls) -> Self:
        """As it is now."""
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return cls(
            descriptors=frozenset(_descriptors()),
            mounts=frozenset(mounts),
            children=frozenset(descendants(os.getpid())),
        )


def _descriptors() -> Iterator[str]:
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            target = str(link.readlink())
            if not target.startswith("/proc/"):
                yield f"{link.name} {target}"


def cgroups() -> list[Path]:
    """The control groups that this process has made for kernels."""
    return list(Path("/sys/fs/cgroup").glob(f"**/grader-{os.getpid()}-*"))


def descendants(root: int) -> set[int]:
    """The processes that stem from one, without itself."""
    parents: dict[int, int] = {}
    for process in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            number = int(process.name)
            status = (process / "stat").read_text()
            parents[number] = int(status.rpartition(")")[2].split()[1])
    found: set[int] = set()
    new = {root}
    while new:
        new = {number for number, parent in parents.items() if parent in new} - found
        found |= new
    return found


def _network_of(process: int | str) -> str:
    try:
        return str(Path(f"/proc/{process}/ns/net").readlink())
    except OSError:
        return ""


class Watched:
    """What was seen of our processes while a block ran: `with Watched() as seen: …`.

    `networks` are those of the sandboxes that were started. Code in a sandbox cannot leave its
    network, so whatever process is in one later was left over. `peak` is the most memory, in bytes,
    that a process of ours outside of them took.
    """

    def __init__(self) -> None:
        self.networks: set[str] = set()
        self.peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        ours = _network_of("self")
        while not self._over.wait(0.3):
            for process in descendants(os.getpid()):
                network = _network_of(process)
                if network == ours:
                    self.peak = max(self.peak, _peak_of(process))
                elif network:
                    self.networks.add(network)


def _peak_of(process: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def processes_in(networks: set[str]) -> list[str]:
    """The processes that live in one of these networks, with their command."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _network_of(process.name) in networks:
            with suppress(OSError):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append(f"{process.name} {command[:200]}")
    return found
