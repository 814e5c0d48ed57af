"""A desk for tests: `grader serve` in a process of its own, and a plain client that asks it."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

PATIENCE = 120.0  # seconds: the machine may be busy
OWN = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Answer:
    """What came back: its status, its headers by lower-case name, and its text."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Desk:
    """A desk that is open; `url` has its token."""

    process: subprocess.Popen[str]
    url: str
    cookie: str = ""
    folder: Path = Path()

    @property
    def origin(self) -> str:
        """Its address, without a path."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def token(self) -> str:
        """What opens it."""
        return self.url.partition("token=")[2]

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        body: str | None = None,
        host: str | None = None,
        **headers: str,
    ) -> Answer:
        """Ask as a program does that sends what it likes; `_` in the name of a header is `-`."""
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
        try:
            connection.putrequest(method, path, skip_host=True)
            connection.putheader("Host", parts.netloc if host is None else host)
            content = None if body is None else body.encode("utf-8", "surrogatepass")
            if content is not None:
                connection.putheader("Content-Type", "application/x-www-form-urlencoded")
                connection.putheader("Content-Length", str(len(content)))
            if self.cookie and "Cookie" not in headers:
                connection.putheader("Cookie", self.cookie)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders(content)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read().decode())
        finally:
            connection.close()

    def enter(self) -> Desk:
        """Come in with the token, and keep the cookie."""
        answer = self.ask(f"/?token={self.token}")
        assert answer.status == 303, answer
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return self

    def send(self, **fields: str) -> Answer:
        """Send a form as its own page does."""
        return self.ask("/desk", "POST", body=urlencode(fields), Sec_Fetch_Site="same-origin")

    def key(self) -> str:
        """What a form of its pages has."""
        pages = self.ask("/index.html").text
        student = re.search(r'href="(students/[^"]*index\.html)"', pages)
        assert student is not None
        found = re.search(r'name="key" value="([^"]+)"', self.ask(f"/{student[1]}").text)
        assert found is not None
        return found[1]

    def stop(self) -> tuple[int, str]:
        """Press Ctrl-C; the exit status, and what was said after the beginning."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said


def serve(folder: Path, *options: str) -> subprocess.Popen[str]:
    """`grader serve` of a folder, at any free port."""
    port = () if "--port" in options else ("--port", "0")
    command = [sys.executable, "-m", "grader", "serve", str(folder), "--no-browser", *port]
    return subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@contextmanager
def open_desk(folder: Path, *options: str) -> Iterator[Desk]:
    """A desk that is open until it is left."""
    process = serve(folder, "--author", "Ms Lee", *options)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        assert url, process.communicate(timeout=PATIENCE)
        yield Desk(process, url)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
