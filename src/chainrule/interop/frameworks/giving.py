"""A model's weights as another framework names and lays them out, as arrays or as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chainrule.bound import Bound
from chainrule.errors import ConfigurationError, MissingExtraError
from chainrule.interop.frameworks.translation import translate
from chainrule.namespace import Array
from chainrule.step import predicting
from chainrule.storage import write_atomically
from chainrule.tree import flatten


def weights_for(model: Bound, target: str) -> dict[str, Array]:
    """Return the weights under the names of `translate(model, target).code`.

    For PyTorch that is a state_dict: `module.load_state_dict({n: torch.tensor(a) ...})`. For Keras
    the names are layer.weight: `keras_model.get_layer("layer0").set_weights([kernel, bias])`.

    >>> import chainrule as cr
    >>> model = cr.Model(cr.Dense(3), cr.SquaredError(), input_shape=(2,))
    >>> {name: a.shape for name, a in weights_for(model, "torch").items()}
    {'layer.weight': (3, 2), 'layer.bias': (3,)}
    """
    state = predicting(model.optimizer, model.state)
    arrays = flatten(state.params) | flatten({"running": dict(state.running)})
    return {
        turn.name: np.ascontiguousarray(turn.give(arrays[turn.ours]))
        for turn in translate(model, target).turns
    }


def save_weights(model: Bound, path: str | Path, target: str | None = None) -> None:
    """Write the weights: .safetensors for PyTorch, .weights.h5 for Keras.

    `load_state_dict(safetensors.torch.load_file(path))` and `load_weights(path)` read them there,
    into what `translate` prints. The second knows layers by their order, which it keeps for
    networks without branches alone.
    """
    path = Path(path)
    fitting = {".safetensors": "torch", ".h5": "keras"}.get(path.suffix)
    if fitting is None or target not in (None, fitting):
        raise ConfigurationError(f"{path}: expected .safetensors (PyTorch) or .weights.h5 (Keras)")
    arrays = weights_for(model, fitting)
    if fitting == "torch":
        from safetensors.numpy import save

        write_atomically(path, save(arrays))
        return
    write_atomically(path, _hdf5(model))


def _hdf5(model: Bound) -> bytes:
    from io import BytesIO

    from chainrule.interop.frameworks.taking import kind_of
    from chainrule.interop.program import program_of

    try:
        import h5py
    except ImportError:
        raise MissingExtraError('writing HDF5 needs h5py: pip install "chainrule[h5]"') from None
    if any(len(op.inputs) > 1 for op in program_of(model).operations):
        raise ConfigurationError(
            "a .weights.h5 file knows layers by their order, which branches do not have: use "
            "weights_for(model, 'keras') and set_weights, layer by layer"
        )
    turns = translate(model, "keras").turns
    weights, counts = weights_for(model, "keras"), dict[str, int]()
    memory = BytesIO()
    with h5py.File(memory, "w") as file:
        file.create_group("vars")
        for layer in dict.fromkeys(t.layer for t in turns):
            own = [t for t in turns if t.layer == layer]
            kind = kind_of(own)
            n = counts[kind] = counts.get(kind, -1) + 1
            group = file.create_group(f"layers/{kind}{f'_{n}' if n else ''}/vars")
            group.attrs["name"] = layer
            for i, turn in enumerate(own):
                group.create_dataset(str(i), data=weights[turn.name])
    return memory.getvalue()
