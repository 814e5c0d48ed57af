"""Kernels for one slot of a pool: one in use, the next one forked while that works."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from grader.errors import TemplateDied
from grader.kernel.limits import KernelLimits
from grader.kernel.warm import Ended, ForkedKernel, KernelTemplate

Packages = tuple[str, ...]


class KernelSupply:
    """The kernel templates of one slot, by their packages; the kernel in use, and the next one."""

    def __init__(self, limits: KernelLimits, level: str) -> None:
        self._limits, self._level = limits, level
        self._templates: dict[Packages, KernelTemplate] = {}
        self._ahead: dict[Packages, asyncio.Task[ForkedKernel]] = {}
        self._kernel: ForkedKernel | None = None
        self._of: KernelTemplate | None = None
        self._leaving: set[asyncio.Future[None]] = set()

    def begin(self, packages: Packages) -> None:
        """Have a template with `packages` that runs, and a kernel of it that waits."""
        if self._level == "none":
            return
        template = self._templates.get(packages)
        if template is None or not template.alive:
            if template is not None:
                template.close()
                self._forget(self._ahead.pop(packages, None))
            self._templates[packages] = template = KernelTemplate(
                packages, self._limits, self._level
            )
        if packages not in self._ahead:
            self._ahead[packages] = asyncio.create_task(asyncio.to_thread(template.fork))

    async def fork(self, packages: Packages) -> ForkedKernel:
        """The kernel that waits. Raises TemplateDied."""
        self.begin(packages)
        ahead = self._ahead.pop(packages)
        try:
            self._of, self._kernel = self._templates[packages], await asyncio.shield(ahead)
        except asyncio.CancelledError:
            self._forget(ahead)
            raise
        return self._kernel

    def how_it_ended(self) -> Ended | None:
        """How the kernel in use ended; None where its template did."""
        if self._kernel is None or self._of is None:
            return None
        ended = self._kernel.ended()
        if ended == Ended() and self._of.died_lately():
            return None
        return ended

    def let_go(self) -> None:
        """Kill the kernel in use; what it leaves is removed while the next one works."""
        if self._kernel is not None:
            self._remove(self._kernel)
            self._kernel = None

    async def close(self) -> None:
        """End the templates, and wait until nothing is left."""
        self.let_go()
        for ahead in self._ahead.values():
            self._forget(ahead)
        while self._leaving:
            await asyncio.gather(*self._leaving, return_exceptions=True)
        for template in self._templates.values():
            await asyncio.to_thread(template.close)

    def _remove(self, kernel: ForkedKernel) -> None:
        kernel.kill()
        self._leave(asyncio.ensure_future(asyncio.to_thread(kernel.close)))

    def _forget(self, ahead: asyncio.Task[ForkedKernel] | None) -> None:
        """Let go of a kernel that nobody has asked for, once it is there."""

        async def forget(forked: asyncio.Task[ForkedKernel]) -> None:
            with suppress(TemplateDied):
                await asyncio.to_thread((await forked).close)

        if ahead is not None:
            self._leave(asyncio.ensure_future(forget(ahead)))

    def _leave(self, leaving: asyncio.Future[None]) -> None:
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
