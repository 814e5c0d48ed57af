"""Kernels for one slot of a pool: one in use, the next one forked while that works."""

from __future__ import annotations

import asyncio

from grader.kernel.fork_servers import ForkServers, Packages
from grader.kernel.limits import KernelLimits
from grader.kernel.warm import Ended, ForkedKernel, KernelForkServer

# How much later than its kernels a fork server's own end may be seen on a busy machine, in seconds.
_LATER = 2.0


class KernelSupply:
    """The kernel fork servers of one slot; the kernel in use, and the next one of each."""

    def __init__(self, limits: KernelLimits, level: str) -> None:
        self._level = level
        self._servers = ForkServers[ForkedKernel](
            lambda packages: KernelForkServer(packages, limits, level)
        )
        self._prefetched: dict[Packages, asyncio.Task[ForkedKernel]] = {}
        self._kernel: ForkedKernel | None = None
        self._leaving: set[asyncio.Future[None]] = set()

    def begin(self, packages: Packages) -> None:
        """Have a fork server with `packages` that runs, and a kernel of it that waits."""
        if self._level == "none":
            return
        ahead = self._prefetched.get(packages)
        if ahead is not None and ahead.done() and not _is_of_use(ahead):
            self._forget(ahead)
            ahead = None
        if ahead is None:
            self._prefetched[packages] = asyncio.create_task(self._servers.fork(packages))

    async def fork(self, packages: Packages) -> ForkedKernel:
        """The kernel that waits, or another one where that has died. Raises ForkServerDied."""
        kernel = await self._waiting(packages)
        if not kernel.alive:
            self._remove(kernel)
            kernel = await self._waiting(packages)
        self._kernel = kernel
        return kernel

    async def _waiting(self, packages: Packages) -> ForkedKernel:
        self.begin(packages)
        ahead = self._prefetched.pop(packages)
        try:
            return await asyncio.shield(ahead)
        except asyncio.CancelledError:
            self._forget(ahead)
            raise

    def how_it_ended(self) -> Ended | None:
        """How the kernel in use ended; None where its fork server did."""
        if self._kernel is None:
            return None
        ended = self._kernel.ended()
        server = self._kernel.server
        if ended == Ended() and server is not None and server.died_lately(_LATER):
            return None
        return ended

    def release(self) -> None:
        """Kill the kernel in use; what it leaves is removed while the next one works."""
        kernel, self._kernel = self._kernel, None
        if kernel is not None:
            self._remove(kernel)

    async def close(self) -> None:
        """End the fork servers, and wait until nothing is left."""
        self._servers.end()  # a kernel that is still being prepared is not waited for
        self.release()
        for ahead in self._prefetched.values():
            self._forget(ahead)
        self._prefetched.clear()
        while self._leaving:
            await asyncio.gather(*self._leaving, return_exceptions=True)
        await asyncio.to_thread(self._servers.close)

    def _remove(self, kernel: ForkedKernel) -> None:
        kernel.kill()
        self._leave(asyncio.ensure_future(asyncio.to_thread(kernel.close)))

    def _forget(self, ahead: asyncio.Task[ForkedKernel]) -> None:
        """Let go of a kernel that nobody has asked for, once it is there."""

        async def forget() -> None:
            await asyncio.wait({ahead})
            if ahead.exception() is None:  # else whoever needs one next meets that, too
                await asyncio.to_thread(ahead.result().close)

        self._leave(asyncio.ensure_future(forget()))

    def _leave(self, leaving: asyncio.Future[None]) -> None:
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


def _is_of_use(ahead: asyncio.Task[ForkedKernel]) -> bool:
    """Whether what was prepared came to be, and has not died since."""
    return ahead.exception() is None and ahead.result().alive
