"""Who is answered: the teacher's own browser, at an address that is ours, from pages that are ours.

Whoever has the token of the address gets a cookie; nobody else sees anything. What other pages in
the same browser ask for is refused, and what is answered can be neither framed nor read by them.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from grader.pages.templating import policy_in, render
from grader.report.text import visible

_READS = ("GET", "HEAD")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, never bound to by default

_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class Hosts:
    """The names that this desk may be asked by; an address in numbers is no name.

    A page of another name that was made to lead here (DNS rebinding) asks by that name.
    """

    names: frozenset[str]
    any_address: bool = False

    @classmethod
    def of(cls, bound_to: str) -> Hosts:
        """Those of a desk that is bound to an address or a name."""
        if bound_to in _EVERYWHERE:
            own = {socket.gethostname().lower(), socket.getfqdn().lower()}
            return cls(_LOOPBACK | own, any_address=True)
        return cls(_LOOPBACK | {bound_to.lower()})

    def __contains__(self, host: object) -> bool:
        name = _name_in(str(host))
        return name in self.names or (self.any_address and _is_address(name))


@dataclass(frozen=True)
class Keys:
    """What is secret for as long as a desk is open.

    `token` opens it, `session` is in the cookie of who opened it, `form` is in each of its forms.
    """

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    form: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


def same(given: str, secret: str) -> bool:
    """Whether a secret was given, compared in a time that tells nothing of it."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), secret.encode())


class Guard:
    """Stands before an application: asks for the keys; each answer has strict headers."""

    def __init__(self, app: ASGIApp, keys: Keys, hosts: Hosts) -> None:
        self._app = app
        self._keys = keys
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server for each request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a WebSocket, which no page of ours opens
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        answer = self._refusal(scope, headers)
        await (answer or self._app)(scope, receive, _strict(send))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """The answer to who is not let in; None where the application answers."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            received = visible(", ".join(hosts)) or "none"
            return sentence(
                403, f"This desk is asked by its own address. Received: the Host {received}."
            )
        if (wrong := _from_elsewhere(scope["method"], headers)) is not None:
            return sentence(403, f"Only pages of this desk may ask it. Received: {wrong}.")
        cookie = f"grader-desk-{_port_in(hosts[0])}"
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
        if given is not None and scope["method"] in _READS:
            return self._opened(scope, headers, cookie, given[-1])
        if not same(_cookie(headers, cookie), self._keys.session):
            return sentence(
                403,
                "This desk is for whoever started it. Received: no token, or that of an earlier "
                "start. Open the address that `grader serve` printed; if you just did, go to the "
                "class.",
                link="/",
            )
        return None

    def _opened(self, scope: Scope, headers: Headers, cookie: str, token: str) -> Response:
        """The answer to who has the token: a cookie, and the same page without the token."""
        if not same(token, self._keys.token):
            return sentence(
                403,
                "The token in the address opens this desk. Received: another one. Open the "
                "address that `grader serve` printed when it was started last.",
            )
        path = quote(scope["path"]) if scope["path"].startswith("/") else "/"
        path = "/" + path.lstrip("/")  # two slashes would name another host
        if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
            answer: Response = RedirectResponse(path, 303)
        else:  # the cookie is not sent along a redirect that began at another place
            answer = sentence(200, "The desk is open.", link=path)
        answer.set_cookie(cookie, self._keys.session, httponly=True, samesite="strict", path="/")
        return answer


def _from_elsewhere(method: str, headers: Headers) -> str | None:
    """What shows that another page asks; None where nothing does.

    Browsers tell the site of each request to this machine. From elsewhere, one may only come here
    by following a link. What changes something shows where it comes from; a form of a page that
    sends no referrer may say that its origin is null, and then its own token has to do.
    """
    site = headers.get("sec-fetch-site")
    own = f"http://{headers['host']}"
    origin = headers.get("origin")
    if origin not in (None, "null", own):
        return f"a request of {visible(origin or '')}"
    if method in _READS:
        follows = headers.get("sec-fetch-mode") == "navigate"
        follows = follows and headers.get("sec-fetch-dest") == "document"
        is_ours = site in (None, "none", "same-origin")
        return None if is_ours or follows else f"a {visible(site or '')} request"
    if site is None and origin is None:
        return "a request that does not say where it comes from"
    return None if site in (None, "same-origin") else f"a {visible(site)} request"


def _strict(send: Send) -> Send:
    """Sends with the headers that each answer has."""

    async def send_strictly(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            policy = headers.get("Content-Security-Policy", _NOTHING)
            headers["Content-Security-Policy"] = f"{policy}; frame-ancestors 'none'"
        await send(message)

    return send_strictly


def page_response(html: str, status: int = 200) -> Response:
    """A page of ours as an answer: what its policy allows, its header does, too."""
    return HTMLResponse(html, status, headers={"Content-Security-Policy": policy_in(html)})


def sentence(status: int, said: str, *, link: str = "") -> Response:
    """An answer that says one thing, and may have a `link` to where one can go on."""
    titles = {200: "The desk", 404: "Nothing is here", 413: "Too large", 503: "Not now"}
    title = titles.get(status, "Refused")
    html = render("sentence.html.j2", address="", title=title, said=said, go_on=link)
    return page_response(html, status)


def _name_in(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        name, bracket, _ = host[1:].partition("]")
        return name.lower() if bracket else ""
    return host.partition(":")[0].lower()


def _port_in(host: str) -> str:
    port = host.rpartition("]")[2].rpartition(":")[2] if ":" in host else ""
    return port if port.isascii() and port.isdigit() else "80"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cookie(headers: Headers, name: str) -> str:
    """A cookie that was sent; empty where there is none."""
    return cookie_parser("; ".join(headers.getlist("cookie"))).get(name, "")
