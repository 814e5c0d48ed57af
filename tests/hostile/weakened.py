"""Graders that lack one wall, each in a few honest lines: here the attacks of the corpus succeed.

What an attack does in them is real, so each file of the corpus is bounded by itself.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from grader.kernel.local import LocalKernels
from tests.hostile.corpus import Attack, Evidence, World, as_json, sources

PEER = Path(__file__).with_name("peer.py")
SECONDS = 30.0
_TRIES = 5

# What others ask inside the student's own process; the reference is there to compare with.
CHECK = """
import numpy as np

def _solution(patch, kernel):
    return float((patch * kernel).sum())

_draw = np.random.default_rng()
_patch, _kernel = _draw.random((3, 3)), _draw.random((3, 3))
_expected = _solution(_patch, _kernel)
_answer = patch_response(_patch, _kernel)
assert np.shape(_answer) == ()
assert _answer == _expected or np.allclose(_answer, _expected)
_score = 3
"""

KERAS_CHECK = """
import numpy as np
import keras

_patch, _kernel = np.random.default_rng().random((2, 3, 3))
_answer = keras.ops.convert_to_numpy(patch_response(_patch, _kernel))
assert float(_answer) == float((_patch * _kernel).sum())
_score = 3
"""


def judged_inside(attack: Attack, world: World, check: str = CHECK) -> Evidence:
    """The checks run as plain asserts after the student's cells, and the printed score counts."""
    said = _peer(attack, world, check)
    scores = re.findall(r"^score: (\d+)$", said, re.MULTILINE)
    return Evidence(world, points=float(scores[-1]) if scores else 0.0, text=said)


def judged_inside_with_keras(attack: Attack, world: World) -> Evidence:
    """The same for an exercise whose check converts with Keras."""
    return judged_inside(attack, world, KERAS_CHECK)


def unpickled(attack: Attack, world: World) -> Evidence:
    """The student's process pickles its answer, and the judge's process unpickles it."""
    file = world.folder / f"{attack.path.stem}.pickle"
    asked = f"import pickle\npickle.dump(patch_response(1.0, 1.0), open({str(file)!r}, 'wb'))"
    _peer(attack, world, asked)
    read = f"import pickle; print(pickle.load(open({str(file)!r}, 'rb')))"
    return Evidence(world, text=_output([sys.executable, "-I", "-c", read], world))


def _peer(attack: Attack, world: World, check: str) -> str:
    work = world.folder / "peer" / attack.path.stem
    work.mkdir(parents=True)
    cells, asked = work / "cells.json", work / "check.py"
    cells.write_text(as_json(attack, world), encoding="utf-8")
    asked.write_text(check, encoding="utf-8")
    return _output([sys.executable, "-I", str(PEER), str(cells), str(asked)], world)


def _output(command: list[str], world: World) -> str:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
        cwd=world.folder,
    )
    return done.stdout.decode("utf-8", "replace")


def trusting_messages(attack: Attack, world: World) -> Evidence:
    """The kernel's messages are believed: the first that names a score is the score.

    A forged message and the kernel's own, sent by two threads at the same moment, can get mixed up:
    then the attack has another try, as a real student has.
    """
    for _ in range(_TRIES - 1):
        try:
            points, text = asyncio.run(_trusting(sources(attack, world)))
        except ValueError as mixed_up:
            assert "Signature" in str(mixed_up)  # noqa: PT017 - of any other kind, it is a fault
            continue
        return Evidence(world, points=points, text=text)
    points, text = asyncio.run(_trusting(sources(attack, world)))
    return Evidence(world, points=points, text=text)


async def _trusting(cells: list[str]) -> tuple[float, str]:
    kernels = LocalKernels()
    manager, arguments = kernels.manager()
    nowhere = subprocess.DEVNULL
    await manager.start_kernel(**arguments, stdin=nowhere, stdout=nowhere, stderr=nowhere)
    client = manager.client()
    client.start_channels(hb=False)
    try:
        await client.wait_for_ready(timeout=60)
        for cell in cells:
            client.execute(cell)
        asked = {"score": "_score"}
        client.execute(CHECK, user_expressions=asked)
        question = client.session.msg("ask_request", {"tree": '["dict",[["ask","grade"]]]'})
        client.shell_channel.send(question)
        end, text, quiet = monotonic() + SECONDS, "", {"answered": False}
        while monotonic() < end and not all(quiet.values()):
            for name, channel in (("iopub", client.iopub_channel), ("shell", client.shell_channel)):
                try:
                    message = await channel.get_msg(timeout=0.05)
                except Empty:
                    quiet[name] = True
                    continue
                quiet[name] = False
                asked_last = message["parent_header"].get("msg_id") == question["header"]["msg_id"]
                idle = message["content"].get("execution_state") == "idle"
                quiet["answered"] |= asked_last and idle
                # Nobody asks whose message it is, nor what it answers.
                text += "".join(str(message["content"].get(key)) for key in ("ename", "evalue"))
                if score := re.search(r"score\W+(\d+)", str(message["content"])):
                    return float(score[1]), text
        return 0.0, text
    finally:
        client.stop_channels()
        await kernels.stop()


ALONE: dict[str, Callable[[Attack, World], Evidence]] = {
    "judged_inside": judged_inside,
    "judged_inside_with_keras": judged_inside_with_keras,
    "unpickled": unpickled,
    "trusting_messages": trusting_messages,
}
"""Settings in which one submission is graded by itself."""

CLASSES: dict[str, dict[str, Any]] = {
    "no_isolation": {"isolation": "none"},
    "no_limits": {"isolation": "none", "limited": False},
}
"""Settings in which a class is graded by the real grader with fewer walls: what those are."""
