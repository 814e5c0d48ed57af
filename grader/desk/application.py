"""The desk as a web application: pages, news of them, and one place where forms are sent to."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from grader.desk import actions
from grader.desk.guard import Keys, page_response, same, sentence
from grader.desk.regrades import Regrades
from grader.desk.running import progress_of
from grader.desk.shelf import Shelf, Snapshot
from grader.desk.strip import Message, decisions_of, in_words, newest, now_in_words
from grader.errors import UsageError
from grader.gradebook import Gradebook
from grader.pages.addresses import CLASS
from grader.pages.templating import DESK_PLACE, part
from grader.report.text import visible

_MOST_SAID = 100
_FORGED = "A form of this desk has its key. Received: one without it. Open the page again."


@dataclass
class Said:
    """What was done, until it is shown once: a page that is sent on to has only its number."""

    _kept: OrderedDict[str, str] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def keep(self, said: str) -> str:
        """Keep a sentence; the number that it is known by."""
        number = secrets.token_hex(8)
        with self._lock:
            self._kept[number] = said
            while len(self._kept) > _MOST_SAID:
                self._kept.popitem(last=False)
        return number

    def of(self, number: str) -> tuple[str, ...]:
        """The sentence of a number; none where it is not known."""
        with self._lock:
            return tuple(filter(None, [self._kept.get(number)]))


@dataclass
class Answers:
    """What is answered to whom the guard lets in."""

    book: Gradebook
    shelf: Shelf
    regrades: Regrades
    keys: Keys
    author: str
    _said: Said = field(default_factory=Said)

    def page(self, request: Request) -> Response:
        """A page of the class, as it stands."""
        address = request.path_params.get("address") or CLASS
        snapshot = self.shelf.present()
        if address not in snapshot.spots:
            return sentence(404, "There is no such page in this class.", link="/")
        told = self._said.of(request.query_params.get("said", ""))
        return self._shown(snapshot, address, Message(told=told))

    def news(self, request: Request) -> Response:
        """What pages ask for again and again: what is new, how far a run is, what was asked for.

        A page is newer that is not the one that was `made`, or is not there any more.
        """
        snapshot, progress = self.shelf.present(), progress_of(self.shelf.folder)
        address, made = (request.query_params.get(name, "") for name in ("page", "made"))
        is_there = address in snapshot.spots
        run = None
        if progress is not None:
            now = now_in_words(progress)
            run = {"done": progress.done, "total": progress.total, "now": now}
        return JSONResponse(
            {
                "newer": not is_there or snapshot.page(address).digest != made,
                "run": run,
                "newest": newest(snapshot.material.standings, progress),
                "jobs": [in_words(job) for job in reversed(self.regrades.all())],
            }
        )

    async def decide(self, request: Request) -> Response:
        """What a form says is done, and its page shown again with what came of it."""
        body = await _body(request)
        if body is None:
            return sentence(
                413,
                f"A form of this desk has at most {actions.MOST_BYTES:,} bytes. Received: more. Go "
                f"back, and shorten what you wrote.",
            )
        return await run_in_threadpool(self._decided, body)

    def _decided(self, body: bytes) -> Response:
        try:
            form = actions.Form(body)
        except UsageError as error:
            return sentence(422, str(error), link="/")
        if not same(form["key"], self.keys.form):
            return sentence(403, _FORGED)
        try:
            said = self._done(form)
        except UsageError as error:
            return self._refused(form, str(error))
        number = self._said.keep(said)
        return RedirectResponse(f"/{quote(form['page'])}?said={number}", 303)

    def _done(self, form: actions.Form) -> str:
        """Do what a form says; in a sentence what was done."""
        snapshot = self.shelf.present()
        spot = snapshot.spots.get(form["page"])
        if spot is None or not spot.student:
            raise UsageError(
                "A decision is about a student of this class. Received: one from a page that is of "
                "none. Open the page again."
            )
        if form["do"] == "regrade":
            lesson = form["place"]
            if lesson not in snapshot.material.by_student[spot.student]:
                raise UsageError(
                    f"A lesson is graded again that was graded. Received: {visible(lesson)!r}. "
                    f"Open the page again."
                )
            self.regrades.ask(spot.student, lesson)
            return f"{visible(spot.student)}, {visible(lesson)}: will be graded again."
        done = actions.done(form, spot.student, self.book, self.author)
        self.shelf.put(done.standing)
        return done.said

    def _refused(self, form: actions.Form, why: str) -> Response:
        """The page that a form was sent from, with why nothing was done and what was typed."""
        snapshot, address = self.shelf.present(), form["page"]
        if address not in snapshot.spots:
            return sentence(422, why, link="/")
        place = "about" if form["do"] == "comment" else "place"  # each form has its own choice
        typed = {name: form[name] for name in _FIELDS} | {"place": "", place: form["place"]}
        return self._shown(snapshot, address, Message(wrong=(why,), typed=typed), status=422)

    def _shown(
        self, snapshot: Snapshot, address: str, message: Message, status: int = 200
    ) -> Response:
        page = snapshot.page(address)
        strip = part(
            "desk.html.j2",
            key=self.keys.form,
            page=address,
            back=f"/{quote(address)}",
            made=page.digest,
            progress=progress_of(self.shelf.folder),
            jobs=[in_words(job) for job in reversed(self.regrades.all())],
            told=message.told,
            wrong=(*message.wrong, *snapshot.said),
            typed=message.typed or dict.fromkeys(_FIELDS, ""),
            open=bool(message.wrong or message.told),
            **decisions_of(snapshot, snapshot.spots[address]),
        )
        return page_response(page.html.replace(DESK_PLACE, strip, 1), status)


_FIELDS = ("place", "about", "points", "reason", "beyond", "text")


async def _body(request: Request) -> bytes | None:
    """What was sent, as a whole; None where it is more than a form may have."""
    body = bytearray()
    async for chunk in request.stream():
        if len(body) <= actions.MOST_BYTES:  # the rest is heard, so that the answer is, too
            body += chunk
    return bytes(body) if len(body) <= actions.MOST_BYTES else None


def application(answers: Answers) -> Starlette:
    """The application, without its guard."""
    return Starlette(
        routes=[
            Route("/", answers.page),
            Route("/desk", answers.decide, methods=["POST"]),
            Route("/desk/news", answers.news),
            Route("/{address:path}", answers.page),
        ],
        exception_handlers={
            UsageError: _not_now,
            HTTPException: _not_allowed,
            ClientDisconnect: _nobody_there,
            Exception: _our_fault,
        },
    )


def _not_now(_request: Request, error: Exception) -> Response:
    return sentence(503, str(error), link="/")


def _not_allowed(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return sentence(status, "Nothing here answers to that.", link="/")


def _nobody_there(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)


def _our_fault(_request: Request, error: Exception) -> Response:
    said = f"The fault is ours: this page could not be made ({type(error).__name__}). Tell us."
    return sentence(500, said, link="/")
