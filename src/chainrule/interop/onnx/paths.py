"""From the input of a graph to its output: nodes in a row, and branches that part and meet."""

from __future__ import annotations

from math import inf

from chainrule.errors import ChainruleError, ModelFileError
from chainrule.interop.onnx.graph import Graph, Node
from chainrule.interop.onnx.reading import Meeting, Reading
from chainrule.interop.onnx.tables import JOINERS, READERS, load_families
from chainrule.interop.onnx.track import Track

CHANNELS = {"Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"}
CHANNELS |= {"BatchNormalization"}
DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}
AFTER_PAD = {"Conv", "MaxPool", "AveragePool", "Transpose", "Identity", "Cast"}


def read_graph(graph: Graph, source: str, target: str, sizes: tuple[int, ...]) -> Track:
    """Return the layers between two tensors; raise ModelFileError naming the node that has none."""
    load_families()
    track = Track.start(sizes)
    _read(graph, track, source, target)
    track.settle()
    if track.pads:
        raise ModelFileError(f'"{target}" is padded: no layer pads by itself')
    return track


def between(graph: Graph, source: str, target: str) -> list[Node]:
    """Return the nodes that depend on one tensor and lead to the other."""
    reached, after = {source}, []
    for node in graph.nodes:
        if reached & set(node.inputs):
            reached |= set(node.outputs)
            after.append(node)
    needed, found = {target}, []
    for node in reversed(after):
        if needed & set(node.outputs):
            needed |= set(node.inputs)
            found.append(node)
    return found[::-1]


def _read(graph: Graph, track: Track, source: str, target: str) -> None:
    live, at = between(graph, source, target), source
    while at != target:
        users = [node for node in live if at in node.inputs]
        if not users:
            raise ModelFileError(f'nothing leads from "{source}" to "{target}"')
        node = users[0]
        data = [name for name in node.inputs if name and name not in graph.constants]
        if len(users) == 1 and data == [at]:
            _one(Reading(graph, node, track))
        else:
            node = _meeting(live, at, target)
            _join(graph, track, node, at)
        wanted = {target}.union(*(n.inputs for n in live))
        at = next((name for name in node.outputs if name in wanted), node.outputs[0])


def _one(at: Reading) -> None:
    reader = READERS.get(at.node.op)
    if reader is None or at.node.domain not in DOMAINS:
        where = f" of {at.node.domain}" if at.node.domain not in DOMAINS else ""
        raise at.refused(f"{where} has no layer here".strip())
    if at.track.pads and at.node.op not in AFTER_PAD:
        raise at.refused("after a Pad: only a convolution or a pool takes what is around images")
    _named(reader, at)


def _named(reader: object, at: Reading) -> None:
    try:
        reader(at)  # type: ignore[operator]
    except ChainruleError as error:
        text = str(error)
        raise ModelFileError(
            text if text.startswith(str(at.node)) else f"{at.node}: {text}"
        ) from None
    except (ValueError, TypeError, IndexError, ZeroDivisionError) as error:
        raise ModelFileError(f"{at.node} is damaged: {error}") from None


def _meeting(live: list[Node], at: str, target: str) -> Node:
    """Return the first node that everything from `at` on passes through."""
    last: dict[str, float] = {target: inf}
    for i, node in enumerate(live):
        for name in node.inputs:
            last[name] = max(last.get(name, i), i)
    alive = {at}
    begun = False
    for i, node in enumerate(live):
        begun = begun or at in node.inputs
        if not begun:
            continue
        alive |= {name for name in node.outputs if last.get(name, -1) > i}
        alive = {name for name in alive if last.get(name, -1) > i}
        if alive == {node.outputs[0]}:
            return node
    raise ModelFileError(f'the branches that part at "{at}" never meet')


def _join(graph: Graph, track: Track, node: Node, at: str) -> None:
    joiner = JOINERS.get(node.op)
    if track.pads:
        raise ModelFileError(f"{node}: branches after a Pad: no layers do that")
    meeting = Meeting(graph, node, track)
    inputs = [name for name in node.inputs if name]
    if joiner is None or any(name in graph.constants for name in inputs):
        raise meeting.refused("has no layer here, with more than one input that varies")
    if track.free and len(track.sizes) > 1 and any(n.op in CHANNELS for n in graph.nodes):
        track.channels_last()
    track.free = False
    seen: set[str] = set()
    for name in inputs:
        nodes = {n.outputs[0] for n in between(graph, at, name)} if name != at else set()
        if nodes & seen:
            raise meeting.refused("joins branches that have nodes in common: no layers do that")
        seen |= nodes
        branch = track.fork()
        if name != at:
            _read(graph, branch, at, name)
        meeting.branches.append(branch)
    goal = next((b.axes for b in meeting.branches if b.steps), track.axes)
    for branch in meeting.branches:
        if branch.axes != goal and len(branch.sizes) == len(track.sizes):
            _named(lambda _, b=branch: b.arrange(goal), meeting)
    _named(joiner, meeting)
