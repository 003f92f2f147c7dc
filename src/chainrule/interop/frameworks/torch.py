"""A network as one PyTorch module: how its values lie there, line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import indent

from chainrule.bound import Bound
from chainrule.initializers import Shape
from chainrule.interop.frameworks.losses import loss_code
from chainrule.interop.frameworks.torch_layers import TORCH, Lay
from chainrule.interop.frameworks.translation import Translation, Turn, home_of, no_code, values
from chainrule.interop.program import Operation, Program
from chainrule.layers import Concatenate, Residual, Sum


@dataclass
class TorchWriter:
    """Writes a program as one `nn.Module`."""

    program: Program
    builds: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    turns: dict[str, Turn] = field(default_factory=dict)

    def write(self, model: Bound) -> Translation:
        """Return the code and the weights' places."""
        shape = self.program.shapes[0]
        first = len(shape) > 2  # images; everything else comes as it is here
        lays = {0: Lay(first=first)}
        last = "X"
        for op, inputs, last in values(self.program):
            lays[op.output] = self.add(op, inputs, last, [lays[v] for v in op.inputs])
        ending = self.turned(last, lays[self.program.output], "last", self.shape_of_output)[0]
        builds = indent("\n".join(self.builds.values()), " " * 8)
        forward = indent("\n".join([*self.lines, f"return {ending}"]), " " * 8)
        taken = ", ".join(map(str, (shape[-1], *shape[:-1]) if first else shape))
        code = (
            f"import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n\n"
            f"class Network(nn.Module):\n"
            f'    """Samples X (m, {taken}) to raw outputs Z (m, {self.shape_of_output[0]})."""\n\n'
            f"    def __init__(self):\n        super().__init__()\n{builds}\n\n"
            f"    def forward(self, X):\n{forward}\n\n\n{loss_code(model.trained_loss, 'torch')}"
        )
        return Translation("torch", code, list(self.turns.values()), first)

    @property
    def shape_of_output(self) -> Shape:
        """Our shape of the output."""
        return self.program.shapes[self.program.output]

    def add(self, op: Operation, inputs: list[str], output: str, lays: list[Lay]) -> Lay:
        """Add one operation; return how its output lies."""
        if isinstance(op.layer, Residual | Sum | Concatenate):
            return self.join(op, inputs, output, lays)
        make = TORCH.get(type(op.layer))
        if make is None:
            raise no_code(op, "PyTorch")
        needs = make(op, lays[0]).needs
        x, lay = self.turned(inputs[0], lays[0], needs, op.shapes[0])
        module, home = make(op, lay), home_of(op)
        if module.build:
            self.builds.setdefault(home, f"self.{home} = {module.build}")
        for name in module.buffers:
            size = self.program.weights[op.arrays[name]].shape
            self.builds.setdefault(
                f"{home}_{name}", f'self.register_buffer("{home}_{name}", torch.zeros({size}))'
            )
        for letter, (theirs, give) in module.weights.items():
            ours = op.arrays[letter]
            where = ("", f"{home}_{theirs}") if module.buffers else (home, theirs)
            shape = self.program.weights[ours].shape
            self.turns.setdefault(ours, Turn(ours, *where, shape, give))
        self.lines.append(f"{output} = {module.call.format(self=f'self.{home}', x=x)}")
        return lay if module.gives is None else module.gives

    def join(self, op: Operation, inputs: list[str], output: str, lays: list[Lay]) -> Lay:
        lay = lays[0]
        if any(other != lay for other in lays) or isinstance(op.layer, Concatenate):
            keep = all(other == lay for other in lays) and lay.flattened is None
            if not keep:
                pairs = [
                    self.turned(x, other, "last", shape)
                    for x, other, shape in zip(inputs, lays, op.shapes, strict=True)
                ]
                inputs, lay = [x for x, _ in pairs], Lay()
        if isinstance(op.layer, Concatenate):
            dim = 1 if lay.first or len(op.shape) == 1 else -1
            self.lines.append(f"{output} = torch.cat([{', '.join(inputs)}], dim={dim})")
        else:
            self.lines.append(f"{output} = {' + '.join(inputs)}")
        return lay

    @staticmethod
    def turned(x: str, lay: Lay, needs: str, shape: Shape) -> tuple[str, Lay]:
        """Return a value as it is needed, and how it then lies."""
        if lay.flattened is not None and needs == "last":
            *places, c = lay.flattened
            unflat = f"{x}.unflatten(1, {(c, *places)})"
            return f"{unflat}.movedim(1, -1).flatten(1)", Lay()
        if len(shape) > 1 and needs == "first" and not lay.first:
            return f"{x}.movedim(-1, 1)", Lay(first=True)
        if len(shape) > 1 and needs == "last" and lay.first:
            return f"{x}.movedim(1, -1)", Lay()
        return x, lay
