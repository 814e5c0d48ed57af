"""What code uses is read from its syntax tree, however it is spelled."""

from __future__ import annotations

import ast
import time

import pytest

from grader.judging.resolving import forbidden_uses
from grader.judging.statements import Use, bound_names, only_calls

FORBID = ("scipy.signal", "numpy.convolve", "keras.ops.conv")


def found(*cells: str, name: str = "conv") -> list[str]:
    """The forbidden names behind `name`."""
    return [use.name for use in forbidden_uses(cells, [name], FORBID)[0]]


@pytest.mark.parametrize(
    "cell",
    [
        "import scipy.signal\ndef conv(a): return scipy.signal.convolve2d(a, a)",
        "import scipy\ndef conv(a): return scipy.signal.convolve2d(a, a)",
        "import scipy.signal as s\ndef conv(a): return s.convolve2d(a, a)",
        "from scipy import signal\ndef conv(a): return signal.convolve2d(a, a)",
        "from scipy import signal as s\ndef conv(a): return s.convolve2d(a, a)",
        "from scipy.signal import convolve2d\ndef conv(a): return convolve2d(a, a)",
        "with quietly():\n    from scipy import signal as s\ndef conv(a): return s.convolve2d(a)",
        "from scipy.signal import convolve2d as conv",
        "from scipy.signal import convolve2d as c\nconv = lambda a: c(a, a)",
        "def conv(a):\n    from scipy.signal import convolve2d\n    return convolve2d(a, a)",
        "def conv(a):\n    import scipy.signal as s\n    return s.convolve2d(a, a)",
        "import scipy\ns = scipy\nt = s.signal\nconv = t.convolve2d",
        "import scipy.signal\nconv = scipy.signal.convolve2d",
        "import scipy\ndef conv(a):\n    s = scipy\n    return s.signal.convolve2d(a, a)",
        "from scipy.signal import *\ndef conv(a): return convolve2d(a, a)",
        "import scipy\nclass A:\n    def f(self, a): return scipy.signal.f(a)\nconv = A().f",
        "import scipy\ndef conv(a, f=scipy.signal.convolve2d): return f(a, a)",
        "import scipy\n@scipy.signal.x\ndef conv(a): return a",
        "import scipy\nsum = scipy.signal.convolve2d\ndef conv(a): return sum(a, a)",
        "import scipy\ndef conv(a): return [scipy.signal.convolve2d(row, row) for row in a]",
        "import scipy\ndef setup():\n    global conv\n    conv = scipy.signal.convolve2d",
    ],
)
def test_a_forbidden_name_is_found(cell: str) -> None:
    """However it was imported or renamed, a forbidden function is found."""
    assert found(cell)


@pytest.mark.parametrize("line", ["files = !ls", "np.sum?", "?np.sum", "%time x = 1", "x = %pwd"])
def test_magics_hide_nothing(line: str) -> None:
    """A line that only IPython understands does not make the rest of its cell invisible."""
    assert found(f"import scipy\n{line}\ndef conv(a): return scipy.signal.convolve2d(a, a)")


@pytest.mark.parametrize("magic", ["%%time", "%%capture", "%%timeit -n1"])
def test_cell_magics_hide_nothing(magic: str) -> None:
    """What a cell magic runs as Python is read as Python."""
    assert found(f"{magic}\nimport scipy\ndef conv(a): return scipy.signal.convolve2d(a, a)")


def test_a_continued_line_is_no_magic() -> None:
    """A line that begins with the operator % is still Python."""
    assert found("import scipy\nx = (7\n     % 3)\ndef conv(a): return scipy.signal.f(a)")


@pytest.mark.parametrize("begin", ["if True", "for _ in [1]", "with open(p)"])
def test_global_outside_of_a_function_hides_nothing(begin: str) -> None:
    """`global` in a cell's own statement changes nothing, and neither does it for what is found."""
    cells = (
        f"import scipy as sp\n{begin}:\n    global s\n    s = sp",
        "def conv(a): return s.signal.convolve2d(a, a)",
    )
    assert found(*cells) == ["scipy.signal.convolve2d"]


def test_helper_functions_are_followed() -> None:
    """What the student's own helpers use counts, in whichever cell they stand."""
    cells = (
        "import numpy as np",
        "def row(a):\n    return np.convolve(a, a)",
        "def rows(a):\n    return [row(x) for x in a]",
        "def conv(a):\n    return rows(a)",
    )
    assert found(*cells) == ["numpy.convolve"]
    assert found(*reversed(cells)) == ["numpy.convolve"]


def test_a_use_is_told_once_with_its_line() -> None:
    """The first use in a cell is told, so that a student finds it."""
    cell = "import numpy as np\n\ndef conv(a):\n    np.convolve(a, a)\n    return np.convolve(a, a)"
    assert forbidden_uses([cell], ["conv"], FORBID)[0] == [Use("numpy.convolve", 4)]


def test_what_was_changed_later_counts() -> None:
    """Setting an attribute or an item of the answer is part of the answer."""
    assert found("conv = {}", "import scipy\nconv['f'] = scipy.signal.convolve2d")


@pytest.mark.parametrize(
    "cell",
    [
        "import scipy.signal\nshown = scipy.signal.convolve2d(image, image)",
        "import scipy.signal\nout = scipy.signal.convolve2d(image, image)",
        "def other(a):\n    from scipy.signal import convolve2d as out\n    return out(a, a)",
        "import scipy\nfor a in images:\n    scipy.signal.convolve2d(a, a)",
        "import scipy\nout: object = scipy.signal.convolve2d",
        "from scipy.signal import convolve2d as a",
    ],
)
def test_another_cell_is_not_held_against_this_one(cell: str) -> None:
    """What other cells use, also under the names of this function's own variables, is free."""
    conv = "def conv(a):\n    out = a.copy()\n    out[0] = 1\n    return out"
    assert found(cell, conv) == found(conv, cell) == []


@pytest.mark.parametrize(
    "cell",
    [
        "import numpy as np\ndef conv(a): return np.convolve_all(a)",
        "def conv(signal): return signal.convolve(signal)",
        "import scipy.ndimage\ndef conv(a): return scipy.ndimage.rotate(a, 1)",
        "# scipy.signal.convolve2d\ndef conv(a):\n    'scipy.signal'\n    return a",
        "def conv(a): return a.scipy.signal",
        "from grader import check\nfrom grader.drawing import show\ndef conv(a): return show(a)",
        "def conv(a) return scipy.signal",
        "with quietly():\n    import keras\n    from scipy import signal\nconv = keras.ops.abs",
        "try:\n    import keras\n    from scipy import signal\nfinally:\n    conv = keras.ops.abs",
    ],
)
def test_what_is_not_forbidden_is_not_found(cell: str) -> None:
    """Like names, other parts of a package, comments and code that does not parse are free."""
    assert found(cell) == []


@pytest.mark.parametrize(
    "cell",
    [
        "from cnn_course import references\ndef conv(a): return references.correlate(a, a)",
        "import grader\ndef conv(a): return cnn_course.references.correlate(a, a)",
        "def conv(a):\n    from cnn_course.references import correlate as c\n    return c(a, a)",
    ],
)
def test_the_grader_itself_is_always_forbidden(cell: str) -> None:
    """No exercise may be solved with the grader's own reference."""
    assert forbidden_uses([cell], ["conv"], ())[0]


@pytest.mark.parametrize(
    "body",
    [
        "getattr(scipy, 'sig' + 'nal')",
        "eval('scipy.signal')",
        "exec('x')",
        "__import__('scipy')",
        "importlib.import_module('scipy')",
        "globals()['x']",
        "vars(scipy)",
        "__builtins__.eval('x')",
        "sys.modules['scipy']",
    ],
)
def test_dynamic_access_is_flagged(body: str) -> None:
    """Ways to reach a name that its spelling does not show are for a person to look at."""
    forbidden, dynamic = forbidden_uses([f"def conv(a):\n    return {body}"], ["conv"], FORBID)
    assert not forbidden
    assert len(dynamic) == 1


def test_dynamic_access_elsewhere_is_not_flagged() -> None:
    """Only what the exercise's own code rests on is looked at."""
    assert forbidden_uses(["getattr(a, 'b')", "def conv(a): return a"], ["conv"], ()) == ([], [])


@pytest.mark.parametrize(
    "cell",
    [
        "x = " + "+".join(["a"] * 950),
        "x = " + "+".join(["a"] * 20_000),
        "x = " + "(" * 150 + ")" * 150,
        "x" + ".y" * 3000,
        "x = " + "-" * 950 + "1",
        "\ud800 = 1",
    ],
    ids=lambda cell: f"{cell[:8]!a} {len(cell)}",
)
def test_monstrous_code_is_read_or_left_alone(cell: str) -> None:
    """No cell, however deeply nested, raises: at most nothing is found in it."""
    bound_names(cell)
    only_calls(cell, ["check"])
    forbidden_uses([cell], ["x"], FORBID)


@pytest.mark.parametrize("later", ["import math as np", "np = 3", "from a import b as np"])
def test_a_name_keeps_every_meaning_it_had(later: str) -> None:
    """What a name meant when it was used counts, whatever it means afterwards."""
    assert found("import numpy as np\ndef conv(a): return np.convolve(a, a)", later)
    assert found(f"def conv(a):\n    import numpy as np\n    np.convolve(a, a)\n    {later}")


@pytest.mark.parametrize(
    "cell",
    [
        "from numpy import *\ndef conv(a): return convolve(a, a)",
        "def setup():\n    global c\n    import scipy.signal as c\nconv = lambda a: c.f(a)",
        "scipy = 0\ndef conv(a):\n    import scipy.signal as s\n    return s.f(a)",
        "import numpy as np\n%timeit -n 10 np.sum(1)\ndef conv(a): return np.convolve(a, a)",
        "import numpy as np\nconv = %time np.convolve",
    ],
)
def test_names_of_modules_are_followed(cell: str) -> None:
    """Names that come from a module by other ways than a plain import are found too."""
    assert found(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "h.update(c=np.convolve)",
        "_ = h.update(c=np.convolve)",
        "if True:\n    h['x'].append(np.convolve)",
        "setattr(h, 'c', np.convolve)",
        "dict.update(h, c=np.convolve)",
    ],
)
def test_what_is_stored_in_a_container_counts(cell: str) -> None:
    """A call that changes what a name stands for is part of that name."""
    cells = ("import numpy as np\nh = {}", cell, "def conv(a): return h['c'](a)")
    assert found(*cells) == ["numpy.convolve"]


def test_a_call_of_a_modules_function_changes_no_module() -> None:
    """A comparison elsewhere, by a module's function, is not held against who uses the module."""
    cells = (
        "import numpy as np\ndef conv(a): return np.zeros(a)",
        "np.testing.assert_allclose(conv(1), np.convolve(1, 1))",
    )
    assert found(*cells) == []


@pytest.mark.parametrize(
    "body",
    [
        "(lambda m: m.f(a))(np)",
        "[m.f(a) for m in [np]]",
        "(m := np).f(a)",
        "np",
        "np.__dict__['f'](a)",
        "np._core.f(a)",
        "nc.f(a)",
        "setattr(a, 'f', 1)",
        "operator.attrgetter('f')(a)",
        "operator.methodcaller('f')(a)",
        "pickle.loads(a)",
        "runpy.run_path(a)",
        "pydoc.locate(a)",
        "pkgutil.resolve_name(a)",
        "imp.load_source(a)",
        "code.interact(a)",
        "codeop.compile_command(a)",
    ],
)
def test_a_module_that_escapes_is_flagged(body: str) -> None:
    """Where a module is handed on, or its inside is reached, a person looks."""
    cells = ("import numpy as np\nimport numpy.core as nc", f"def conv(a):\n    return {body}")
    assert forbidden_uses(cells, ["conv"], FORBID)[1]


@pytest.mark.parametrize(
    "statement",
    [
        "m: object = np",
        "for m in [np]: pass",
        "match np:\n    case m: pass",
        "m[0] = np",
        "def m(x=np): return x",
    ],
)
def test_a_module_under_another_name_is_flagged(statement: str) -> None:
    """A module that is bound in a way that is not followed is shown to a person."""
    cells = ("import numpy as np\nm = {}", statement, "def conv(a): return m.f(a)")
    assert forbidden_uses(cells, ["conv"], FORBID)[1]


@pytest.mark.parametrize(
    "cell",
    [
        "exec(text)",
        "def other():\n    return eval(text)",
        "compile(text)",
        "globals()['c'] = 1",
        "get_ipython().run_cell(text)",
        "shell.run_cell(text)",
        "e = exec\ne(text)",
        "%run other.py",
        "%pylab inline",
        "%load other.py",
        "get_ipython().run_line_magic('run', 'other.py')",
    ],
)
def test_text_that_is_run_is_flagged_anywhere(cell: str) -> None:
    """Text that is run as code may bind any name, so every cell is searched for it."""
    forbidden, dynamic = forbidden_uses([cell, "def conv(a): return a"], ["conv"], FORBID)
    assert not forbidden
    assert dynamic


@pytest.mark.parametrize(
    "cell",
    [
        "import numpy as np\ndef conv(a): return np.zeros(a.shape, dtype=np.float32)",
        "import numpy as np\nprint(np.__version__)\ndef conv(a): return isinstance(a, np.ndarray)",
        "import matplotlib.pyplot as plt\nplt.imshow(1)\ndef conv(a): return plt.imshow(a)",
        "def conv(a): return a.__len__()",
        "%matplotlib inline\n!ls\ndef conv(a): print(a)",
        "%timeit -n 10 f(1)\ndef conv(a): return a",
        "import re\nre.compile('a')\nmodel.compile()\ndef conv(a): return a",
        "from __future__ import annotations\ndef conv(a): return undefined(a)",
    ],
)
def test_ordinary_code_is_not_flagged(cell: str) -> None:
    """What honest notebooks do is no matter for a person."""
    assert forbidden_uses([cell], ["conv"], FORBID) == ([], [])


@pytest.mark.parametrize(
    "cell",
    [
        "x = 1" + "\n" * 20_000,
        "x = 1\n" + " \n" * 300_000,
        "\n".join(f"x{i} = x{i + 1}" for i in range(4000)),
        "\n".join(f"x{i} = x{i + 1}.a; x{i} = x{i + 1}.b" for i in range(4000)),
        "x = 1\n" * 20_000,
        "x = " + "lambda a: " * 1000 + "0",
        "x = (" + "a, " * 60_000 + ")",
        "!ls\n" * 20_000,
        "x" * 200_000 + "?",
    ],
    ids=lambda cell: f"{cell[:8]!a} {len(cell)}",
)
def test_reading_takes_no_time(cell: str) -> None:
    """The time that a cell takes to read grows with its length alone."""
    begun = time.process_time()
    sum(1 for _ in ast.walk(ast.parse("x = 1\n" * 20_000)))
    yardstick = time.process_time() - begun
    bound_names(cell)
    forbidden_uses([cell], ["x", "x0"], FORBID)
    assert time.process_time() - begun - yardstick < 15 * yardstick


def test_a_cell_that_is_too_long_to_read_is_flagged() -> None:
    """No cell hides anything by its length."""
    assert forbidden_uses(["x = 1\n" * 200_000], ["conv"], FORBID)[1] == [Use("%unread", 1)]
