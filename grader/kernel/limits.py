"""What one submission may take from the machine it runs on."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class KernelLimits:
    """Bounds for one kernel and all that it starts; sizes in bytes.

    `memory` counts all processes together with the files in their /tmp and /dev/shm; `data` what
    one process may ask for, so that one array too many is a MemoryError instead of a dead kernel.
    `processes` counts threads too. `file` is the largest file, `files` how many there may be in
    each place. `output` is what one cell may publish, `message` the largest part of a message that
    is read.
    """

    memory: int = 2048 * MIB
    data: int = 4096 * MIB
    processes: int = 256
    open_files: int = 512
    file: int = 256 * MIB
    files: int = 16_384
    tmp: int = 256 * MIB
    shm: int = 64 * MIB
    output: int = 16 * MIB
    message: int = 288 * MIB


@dataclass(frozen=True)
class Limits:
    """How long student code may run, in seconds: one cell, and one submission as a whole.

    `kernel` is what it may take from the machine.
    """

    cell: float = 20.0
    submission: float = 300.0
    kernel: KernelLimits = KernelLimits()
