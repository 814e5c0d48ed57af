"""A packet may come from anyone: it is decoded exactly, or refused; it never does anything else."""

from __future__ import annotations

import contextlib
import copy
import json
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.crossing.values import CAPS, Functions, Packet, RemoteFunction, pack, unpack
from grader.errors import Untransferable

BIT_GENERATORS = ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"]

# Trees that look almost right: our own tags and dtypes, and sizes around every edge.
tags = st.sampled_from(["tuple", "list", "dict", "array", "generator", "function", "placeholder"])
kinds = st.sampled_from(["numpy", "scalar", "tensor", "mine", "yours", "float32", "bool", "V8"])
keys = st.sampled_from(["bit_generator", "state", "inc", "pos", "key", "buffer_pos", "", "\ud800"])
words = tags | kinds | keys | st.sampled_from(BIT_GENERATORS)
numbers = st.sampled_from([-(2**31), -1, 0, 1, 2, 4, 624, 2**31 - 1, 2**31, 2**63, 2**64, 2**2000])
atoms = st.none() | st.booleans() | numbers | st.floats() | words
trees = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(words, inner, max_size=3),
    max_leaves=25,
)
buffers = st.lists(st.binary(max_size=40), max_size=3).map(tuple)


def nowhere(function: RemoteFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function that nobody should ask for while a packet is decoded."""
    raise AssertionError("decoding a packet calls nothing")


def decode(tree: Any, contents: tuple[bytes, ...] = ()) -> None:
    """Decode a packet both with and without functions: a value comes out, or Untransferable."""
    for functions in (None, Functions(nowhere)):
        try:
            unpack(Packet(json.dumps(tree), contents), functions)
        except Untransferable:
            continue


@settings(deadline=None, max_examples=60)
@given(trees, buffers)
def test_any_tree_is_decoded_or_refused(tree: Any, contents: tuple[bytes, ...]) -> None:
    """Whatever JSON arrives, nothing but Untransferable is ever raised."""
    decode(tree, contents)


@settings(deadline=None, max_examples=60)
@given(st.text(st.sampled_from('[]{}",:0123456789.eE-+truefalsnNaIity\\u \ud800'), max_size=60))
def test_any_text_is_decoded_or_refused(text: str) -> None:
    """Text that is no JSON at all is refused like everything else."""
    with contextlib.suppress(Untransferable):
        unpack(Packet(text))


HONEST = {
    "image": np.arange(6.0).reshape(2, 3),
    "shape": (2, 3),
    3: [np.float32(1), None, True, "é"],
    "rngs": [np.random.Generator(getattr(np.random, name)(1)) for name in BIT_GENERATORS],
}


def places(tree: Any) -> list[tuple[list[Any], int]]:
    """Every place in a tree of lists where something else could stand."""
    found = []
    for index, item in enumerate(tree if isinstance(tree, list) else []):
        found += [(tree, index), *places(item)]
    return found


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_an_honest_packet_can_be_changed_anywhere(data: st.DataObject) -> None:
    """A packet with some of its pieces exchanged is decoded or refused."""
    packet = pack(HONEST)
    tree = json.loads(packet.tree)
    for _ in range(data.draw(st.integers(1, 3))):
        parent, index = data.draw(st.sampled_from(places(tree)))
        parent[index] = data.draw(trees | st.just(copy.deepcopy(tree)))
    contents = list(packet.buffers)
    contents[data.draw(st.integers(0, len(contents) - 1))] = data.draw(st.binary(max_size=48))
    decode(tree, data.draw(st.sampled_from([packet.buffers, tuple(contents), ()])))


def array(shape: Any, *, dtype: Any = "float32", kind: Any = "numpy", index: Any = 0) -> list[Any]:
    """The tree of an array as a packet claims it."""
    return ["array", kind, dtype, shape, index]


@pytest.mark.parametrize(
    ("tree", "content"),
    [
        (array([2**30, 2**30]), b""),
        (array([2**30, 2**30]), bytes(4)),
        (array([2**31 - 1] * 16), bytes(4)),  # its product is 0 or so in 64 bits
        (array([2**16, 2**16, 2**16, 2**16]), b""),  # exactly 2**64: 0 in 64 bits
        (array([0, 2**31 - 1, 2**31 - 1, 2**31 - 1]), b""),
        (array([1] * 65), bytes(4)),
        (array([-1]), bytes(4)),
        (array([-1, -1]), bytes(4)),
        (array([True]), bytes(4)),
        (array([1.0]), bytes(4)),
        (array(["1"]), bytes(4)),
        (array(1), bytes(4)),
        (array([2]), bytes(4)),
        (array([1]), bytes(5)),
        (array([1], index=1), bytes(4)),
        (array([1], index=-1), bytes(4)),
        (array([1], index="0"), bytes(4)),
        (array([1], dtype="object"), bytes(8)),
        (array([1], dtype="O"), bytes(8)),
        (array([1], dtype="f4"), bytes(4)),
        (array([1], dtype="float32,float32"), bytes(8)),
        (array([1], dtype=None), bytes(8)),
        (array([1], kind="scalar"), bytes(4)),
        (array([1], kind="matrix"), bytes(4)),
        (array([3_000_000, 0]), b""),
        (array([1000, 0, 1000]), b""),
        (array([1] * 17), bytes(4)),
    ],
)
def test_an_array_is_exactly_what_it_claims(tree: list[Any], content: bytes) -> None:
    """A shape, dtype or buffer that does not agree with the others is refused."""
    with pytest.raises(Untransferable):
        unpack(Packet(json.dumps(tree), (content,)))


def test_nothing_is_allocated_for_a_claim() -> None:
    """A shape that claims 4 EiB costs no memory: bytes are counted, not believed."""
    text = json.dumps(["list", [array([2**30, 2**30])] * 100])
    tracemalloc.start()
    try:
        with pytest.raises(Untransferable):
            unpack(Packet(text, (bytes(4),)))
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_buffer_belongs_to_one_array() -> None:
    """Naming one buffer many times is no way to ask for more memory than arrived."""
    with pytest.raises(Untransferable):
        unpack(Packet(json.dumps(["list", [array([1])] * 2]), (bytes(4),)))


def test_an_array_is_safe_to_compute_with() -> None:
    """The bytes of a bool array are taken as true or false, whatever else they are."""
    crossed = unpack(Packet(json.dumps(array([3], dtype="bool")), (b"\x00\x01\xff",)))
    assert crossed.astype(int).tolist() == [0, 1, 1]


def state_of(name: str) -> dict[str, Any]:
    """The state of one of NumPy's bit generators."""
    return dict(getattr(np.random, name)(1).state)


def claim(name: str, state: Any) -> Packet:
    """A packet that claims to be a random generator."""
    packed = pack(state)
    return Packet(json.dumps(["generator", name, json.loads(packed.tree)]), packed.buffers)


@pytest.mark.parametrize(
    ("name", "outer", "inner"),
    [
        ("PCG64", {"bit_generator": "MT19937"}, {}),
        ("PCG64", {}, {"state": -1}),
        ("PCG64", {}, {"inc": 2**200}),
        ("PCG64", {"has_uint32": "yes"}, {}),
        ("PCG64", {"state": None}, {}),
        ("MT19937", {}, {"pos": 10**6}),
        ("MT19937", {}, {"pos": -1}),
        ("MT19937", {}, {"pos": 625}),
        ("MT19937", {}, {"key": np.zeros(3, np.uint32)}),
        ("Philox", {"buffer_pos": -5}, {}),
        ("Philox", {"buffer": np.zeros(1, np.uint64)}, {}),
        ("Philox", {}, {"counter": np.zeros(1, np.uint64)}),
        ("SFC64", {}, {"state": np.zeros(1, np.uint64)}),
    ],
)
def test_a_generator_has_a_state_of_its_kind(
    name: str, outer: dict[str, Any], inner: dict[str, Any]
) -> None:
    """A state that NumPy could not have made is refused: drawing from it would read anywhere."""
    state = state_of(name)
    state = {**state, "state": {**state["state"], **inner}, **outer}
    with pytest.raises(Untransferable, match="random generator"):
        unpack(claim(name, state))


@pytest.mark.parametrize("name", ["Generator", "RandomState", "__init__", "PCG65", ""])
def test_a_generator_is_one_of_numpys(name: str) -> None:
    """No other name of `numpy.random` can be reached."""
    with pytest.raises(Untransferable):
        unpack(claim(name, state_of("PCG64")))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '["list",[' * 1000 + "]]" * 1000,
        '{"a":' * 100_000,
        "9" * 100_000,
        "-" + "9" * 4000,
        '["list",[' + "0," * 300_000 + "0]]",
        "",
        "NaN NaN",
        '"' + "x" * (CAPS.text + 1) + '"',
        " " * (CAPS.tree + 1),
        '["list",[' + "[]," * 3_000_000 + "0]]",
        '["list",[' + '"ab",' * 3_000_000 + "0]]",
        '"\\"' * 3_000_000,
    ],
    ids=lambda text: f"{text[:10]}… {len(text)}",
)
def test_bombs_of_json_are_refused(text: str) -> None:
    """Depth, parts, digits and characters are all counted."""
    with pytest.raises(Untransferable):
        unpack(Packet(text))


def test_too_many_bytes_are_refused() -> None:
    """More bytes than the cap are refused before the tree is read."""
    with pytest.raises(Untransferable, match="256 MiB"):
        unpack(Packet("not even JSON", (bytes(CAPS.array_bytes // 2 + 1),) * 2))


def test_a_lone_surrogate_can_be_written_to_a_file() -> None:
    """Text arrives as text that UTF-8 can hold."""
    assert unpack(Packet(json.dumps(["list", ["a\ud800b"]]))) == ["a?b"]


@pytest.mark.parametrize("key", [["list", []], ["placeholder"], array([]), ["dict", []]])
def test_the_keys_of_a_dict_are_plain(key: Any) -> None:
    """A key that has no place in a dict is refused, not raised as NumPy's or Python's error."""
    with pytest.raises(Untransferable, match="keys of a dict"):
        unpack(Packet(json.dumps(["dict", [[key, 1]]]), (bytes(4),)))


@pytest.mark.parametrize("number", [0, -1, 2, True, 2**70])
def test_only_what_was_lent_comes_home(number: int) -> None:
    """A number under which nothing was lent is refused."""
    functions = Functions(nowhere)
    with pytest.raises(Untransferable):
        unpack(Packet(json.dumps(["function", "yours", number, "f"])), functions)


def test_a_borrowed_function_has_a_short_name() -> None:
    """A claimed name is cut, so that no message is flooded with it."""
    packet = Packet(json.dumps(["function", "mine", 1, "f" * 1000]))
    assert len(unpack(packet, Functions(nowhere)).__name__) == 80


def test_parts_are_counted_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree of millions of empty lists is refused without making one of them."""
    monkeypatch.delattr("grader.crossing.values.json.loads")
    with pytest.raises(Untransferable, match="too many parts"):
        unpack(Packet('["list",[' + "[]," * 2_000_000 + "0]]"))


def test_a_dict_has_few_entries() -> None:
    """Keys with one hash take time with the square of their number, so they may not be many."""
    entries = [[number * (2**61 - 1), 0] for number in range(CAPS.entries + 1)]
    with pytest.raises(Untransferable, match=r"A dict may have 1000 entries\. Received: 1001\."):
        unpack(Packet(json.dumps(["dict", entries])))
