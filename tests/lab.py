"""A student's notebook in a kernel as JupyterLab starts it, and what its cells show."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

# How long a cell may take, and a kernel to start, on a machine that is busy, in seconds.
PATIENCE = 120.0


@dataclass
class Shown:
    """What stands below a cell: streams by their name, displayed values as text, an exception."""

    streams: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    raised: str = ""

    @property
    def text(self) -> str:
        """All that was displayed, in one line."""
        return " ".join(" ".join(self.texts).split())

    def take(self, message: dict[str, Any]) -> None:
        """Called with each message of the cell."""
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                name = content["name"]
                self.streams[name] = self.streams.get(name, "") + content["text"]
            case "display_data" | "execute_result":
                self.texts.append(content["data"].get("text/plain", ""))
                self.pages.append(content["data"].get("text/html", ""))
            case "error":
                self.raised = content["ename"]


class Lab:
    """A notebook whose cells are run one by one, by hand."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self._client = client

    def run(
        self, source: str, *, cell: str | None = None, interrupt_at: str = "", until: str = ""
    ) -> Shown:
        """Run a cell and wait for what it shows, and until `until` stands in its error stream.

        What is written to the kernel's descriptors may arrive after the end of the cell. `cell` is
        the cell's id, as JupyterLab tells it. The cell is interrupted once it has printed
        `interrupt_at`.
        """
        shown, client = Shown(), self._client
        content = {"code": dedent(source).strip("\n"), "silent": False, "store_history": True}
        metadata = {"cellId": cell} if cell else {}
        request = client.session.msg("execute_request", content, metadata=metadata)
        client.shell_channel.send(request)
        end, idle = time.monotonic() + PATIENCE, False
        while not (idle and until in shown.streams.get("stderr", "")):
            message = client.get_iopub_msg(timeout=max(0.1, end - time.monotonic()))
            if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                continue
            shown.take(message)
            if interrupt_at and interrupt_at in shown.streams.get("stdout", ""):
                self.manager.interrupt_kernel()
                interrupt_at = ""
            idle = idle or message["content"].get("execution_state") == "idle"
        return shown

    def restart(self) -> None:
        """Restart the kernel, as people do from the menu."""
        self.manager.restart_kernel(now=True)
        self._client.wait_for_ready(timeout=PATIENCE)


@contextmanager
def lab(folder: Path) -> Iterator[Lab]:
    """A notebook in `folder`, in the kernel that JupyterLab offers first."""
    manager = KernelManager(kernel_name="python3")
    # Under pytest, ipykernel would leave out what is written to its descriptors.
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    manager.start_kernel(
        cwd=str(folder), env=environment, extra_arguments=["--IPKernelApp.log_level=50"]
    )
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE)
        yield Lab(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
