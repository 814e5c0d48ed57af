"""What each service gets: the files of its pack, by their place in it."""

from __future__ import annotations

import json
import platform
import re
import shlex
import uuid
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from grader.errors import UsageError
from grader.files import replacing
from grader.kernel.mounted import COURSE_VARIABLE, course_package
from grader.packing.pins import pins
from grader.packing.wheel import wheel

Files = dict[str, tuple[bytes, int]]
"""The content and the mode of each file, by its place."""

_OWN_COURSE = "cnn_course"
_LEFT = re.compile(r"@[A-Z]+@")
_GITHUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
# Names of Git that mean nothing to YAML, to a shell or to GitHub's expressions.
_REF = re.compile(r"[A-Za-z0-9][\w./+-]*")
_SECRETS = 0o600


@dataclass(frozen=True)
class Settings:
    """What a teacher decides of a pack: the one `lesson`, or all; seconds for a cell."""

    lesson: str | None = None
    timeout: int | None = None

    def options(self, *, lesson: bool = True) -> str:
        """The options of `grader grade`, quoted for a shell; with the lesson, or without."""
        words = []
        if lesson and self.lesson is not None:
            words += ["--lesson", self.lesson]
        if self.timeout is not None:
            words += ["--timeout", str(self.timeout)]
        return shlex.join(words)


def gradescope(settings: Settings, seed: str) -> Files:
    """The autograder's zip: what sets it up, what is run, the grader and course, the secret."""
    values = {"PYTHON": _python(), "OPTIONS": settings.options(), "EXPORTS": _exports()}
    return {
        "setup.sh": (_filled("gradescope/setup.sh", values), 0o755),
        "run_autograder": (_filled("gradescope/run_autograder", values), 0o755),
        "seed": (seed.encode(), _SECRETS),
        **_installed(),
    }


def prairielearn(settings: Settings, seed: str, image: str) -> Files:
    """A course's files for PrairieLearn: an image, its entry point, and a question a lesson."""
    from grader.judging.course import lesson_names, stems

    if not re.fullmatch(r"[a-z0-9][\w./:-]*", image):
        raise UsageError(
            f"--image names a Docker image, like my-university/cnn-grader. Received: {image!r}. "
            f"Use small letters, digits and the signs . / : - _"
        )
    values = {
        "PYTHON": _python(),
        "IMAGE": image,
        "EXPORTS": _exports(),
        "OPTIONS": settings.options(lesson=False),
    }
    files: Files = {
        "image/Dockerfile": (_filled("prairielearn/Dockerfile", values), 0o644),
        **{f"image/{name}": file for name, file in _installed().items()},
        "serverFilesCourse/grader/run.sh": (_filled("prairielearn/run.sh", values), 0o755),
        "serverFilesCourse/grader/seed": (seed.encode(), _SECRETS),
    }
    for name in [settings.lesson] if settings.lesson else lesson_names():
        notebook = {"NOTEBOOK": f"{stems()[name]}.ipynb"}
        question = f"questions/{name}"
        files[f"{question}/info.json"] = (_question(name, image), 0o644)
        files[f"{question}/question.html"] = (
            _filled("prairielearn/question.html", notebook),
            0o644,
        )
    return files


def github(settings: Settings, repository: str | None, ref: str | None, *, classroom: bool) -> str:
    """The workflow: the course comes from a repository at a tag or commit, or from variables."""
    _refuse("--course-repository", repository, _GITHUB_NAME, "my-university/cnn-course")
    _refuse("--course-ref", ref, _REF, "v1.2, or a commit")
    variables = []
    if repository is None:
        variables.append(
            "#   vars.COURSE_REPOSITORY  where the course is, like my-university/cnn-course"
        )
    if ref is None:
        variables.append("#   vars.COURSE_REF         the tag or commit to grade with")
    values = {
        "VARIABLES": "\n".join(variables),
        "REPOSITORY": repository or "${{ vars.COURSE_REPOSITORY }}",
        "REF": json.dumps(ref) if ref else "${{ vars.COURSE_REF }}",
        "PYTHON": _python(),
        "OPTIONS": settings.options(),
        "FORMATS": "junit,github" + ",classroom" * classroom,
    }
    text = _filled("github/grade.yml", values)
    return (text + (_filled("github/classroom.yml", {}) if classroom else b"")).decode()


def gitlab(settings: Settings, url: str | None, ref: str | None) -> str:
    """The pipeline: the course comes from a repository at a tag or commit, or from variables."""
    _refuse("--course-url", url, re.compile(r"(https|file)://[^\s'\"\\$]+"), "https://gitlab.com/…")
    _refuse("--course-ref", ref, _REF, "v1.2, or a commit")
    variables, values = [], []
    for name, value, what in (
        ("COURSE_URL", url, "the repository of the course, with a deploy token if it is private"),
        ("COURSE_REF", ref, "the tag or commit to grade with"),
    ):
        if value is None:
            variables.append(f"#   {name:12}  {what}")
        else:
            values.append(f"    {name}: {json.dumps(value)}")
    filled = {
        "VARIABLES": "\n".join(variables),
        "VALUES": "\n".join(values),
        "PYTHON": _python(),
        "OPTIONS": settings.options(),
    }
    return _filled("gitlab/gitlab-ci.yml", filled).decode()


def _question(lesson: str, image: str) -> bytes:
    """PrairieLearn's description of the question for one lesson."""
    info = {
        # The same lesson has the same id in every pack, so a new one takes the old one's place.
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{course_package()}/{lesson}")),
        "title": lesson.replace("_", " ").capitalize(),
        "topic": "Convolutional networks",
        "type": "v3",
        "singleVariant": True,
        "gradingMethod": "External",
        "externalGradingOptions": {
            "enabled": True,
            "image": image,
            "serverFilesCourse": ["grader/"],
            "entrypoint": ["/grade/serverFilesCourse/grader/run.sh", lesson],
            "timeout": 600,
        },
    }
    return (json.dumps(info, indent=2) + "\n").encode()


def _installed() -> Files:
    name, content = wheel()
    return {name: (content, 0o644), "constraints.txt": (pins().encode(), 0o644)}


def _python() -> str:
    """The Python that the pins were tested with."""
    return ".".join(platform.python_version_tuple()[:2])


def _exports() -> str:
    """What a script has to say where it is not this project's own course."""
    package = course_package()
    return "" if package == _OWN_COURSE else f"export {COURSE_VARIABLE}={shlex.quote(package)}"


def _filled(template: str, values: dict[str, str]) -> bytes:
    """A template with the values in place of `@NAME@`; a line with an empty one alone is gone."""
    text = (resources.files("grader.packing") / "templates" / template).read_text("utf-8")
    for name, value in values.items():
        if not value:
            text = re.sub(rf"^@{name}@\n", "", text, flags=re.MULTILINE)
            text = text.replace(f" @{name}@", "")
        text = text.replace(f"@{name}@", value)
    assert not _LEFT.search(text), f"{template} has a place that nothing fills"
    return text.encode()


def _refuse(option: str, value: str | None, rule: re.Pattern[str], like: str) -> None:
    if value is not None and not rule.fullmatch(value):
        raise UsageError(
            f"{option} is like {like}. Received: {value!r}. Write it in that way, or leave it out: "
            f"then it is a variable that you set with the service."
        )


def put(files: Files, folder: Path) -> None:
    """Write the files below a folder."""
    for place, (content, mode) in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, private=True) as file:  # one of them is a secret
            file.write(content)
        path.chmod(mode)
