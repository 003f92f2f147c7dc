"""A student's class as it is: forward(X), backward(dY), arrays on the object."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.checking.source import Code, line_of
from chainrule.checking.subject import Reply, Subject, Trial
from chainrule.checking.subjects import calling, naming
from chainrule.checking.subjects.arrays import arrays_of, short_of
from chainrule.checking.subjects.orientation import BACKWARD, FORWARD, ObjectSubject
from chainrule.errors import ConfigurationError
from chainrule.namespace import Array


class ClassSubject(ObjectSubject):
    """An object with a forward and a backward; its arrays are found, not declared.

    Gradients may be returned (dX, or dX, dW, db, or a dictionary), left on the object (dW, grads,
    weights_grad, …), or used up by an update inside backward: then they are read off the change.
    """

    def gradients(self, trial: Trial) -> Reply:
        return self._gradients_on(self._prepared(trial.variables), trial)

    def reused(self, first: Trial, then: Trial) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return the gradients of a batch on a fresh object, and on one that has seen another."""
        thing = self._prepared(first.variables)
        self._gradients_on(thing, first)
        for name, attribute in self.attributes.items():
            attribute.set(thing, then.variables[name].copy())
        return self.gradients(then).gradients, self._gradients_on(thing, then).gradients

    def _gradients_on(self, thing: Any, trial: Trial) -> Reply:
        X, targets, dY = trial.variables[self.input].copy(), copy.deepcopy(trial.targets), trial.dY
        self._call_forward(thing, X, targets)
        held = {n: copy.deepcopy(a.get(thing)) for n, a in self.attributes.items()}
        dY = np.array(dY)
        method = getattr(thing, self.backward_method)
        returned = self._call_backward(thing, method, X, targets, dY)
        after = {n: np.asarray(a.get(thing), float) for n, a in self.attributes.items()}
        moved = {n: p for n, p in after.items() if not np.array_equal(p, held[n])}
        rate = self._rate(thing, method)
        found = self._collected(thing, set(moved), returned, method)
        for name in moved:
            if name not in found:
                found[name] = (np.asarray(held[name], float) - moved[name]) / rate
                self.found_names[name] = ((short_of(name),), 0)
        handed = {"the input": trial.variables[self.input], "dY": trial.dY}
        now = {"the input": X, "dY": dY}
        written = tuple(n for n, p in handed.items() if not np.array_equal(p, now[n]))
        return Reply(found, moved, written, rate)

    def _call_backward(
        self, thing: Any, method: Callable[..., Any], X: Array, targets: Any, dY: Array
    ) -> Any:
        signature = calling.signature_of(method)
        known: dict[str, Any] = {self.input: X}
        if targets is not None:
            known |= {n: targets for n in signature.names if calling.is_target(n)}
        cache = thing.__dict__.get("_chainrule_cache", ())
        free = [
            n
            for n in signature.required
            if n not in known
            and not calling.is_rate(n)
            and not (calling.is_input(n) and not calling.is_upstream(n))
        ]
        known |= {n: X for n in signature.required if calling.is_input(n) and n not in known}
        for number, name in enumerate(free):
            if name.lower() in ("cache", "caches", "ctx", "memory") and cache:
                known[name] = cache[0] if len(cache) == 1 else cache
            elif (number == 0 and not self.is_loss) or calling.is_upstream(name):
                known[name] = dY
            elif self.is_loss and number == 0:
                known[name] = X
        if not self.is_loss and not free and signature.names:
            first = next((n for n in signature.names if not calling.is_rate(n)), None)
            return method(dY) if first else method()
        with np.errstate(all="ignore"):
            return calling.call(method, known)

    def _rate(self, thing: Any, method: Callable[..., Any]) -> float:
        signature = calling.signature_of(method)
        for name in signature.names:
            if calling.is_rate(name):
                default = signature.defaults.get(name, calling.RATE)
                return float(default) if isinstance(default, int | float) else calling.RATE
        for name, value in vars(thing).items():
            if calling.is_rate(name) and isinstance(value, int | float):
                return float(value)
        return 1.0

    def _collected(
        self, thing: Any, moved: set[str], returned: Any, method: Callable[..., Any]
    ) -> dict[str, Any]:
        """Return the gradients by variable: returned under a name, left on the object, or by place.

        `moved` are parameters that backward itself updated.
        """
        parts = [] if returned is None else calling.parts_of(returned, method)
        named = {name: value for name, value in parts if name}
        found: dict[str, Any] = {}
        used: set[int] = set()
        for variable in (*self.attributes, self.input):
            key = naming.find(short_of(variable), named, bare=True)
            if key is not None and id(named[key]) not in used:
                found[variable] = named[key]
                used.add(id(named[key]))
                self.found_names[variable] = ((key,), [n for n, _ in parts].index(key))
        held = arrays_of(thing, scalars=True)
        for variable in self.attributes:
            name = "" if variable in found else self._held_name(variable, list(held))
            if name:
                found[variable] = held[name].get(thing)
                self.found_names[variable] = ((short_of(name),), 0)
        rest = [(i, v) for i, (n, v) in enumerate(parts) if id(v) not in used]
        if self.input not in found and rest and not isinstance(returned, dict):
            position, value = rest.pop(0)
            found[self.input] = value
            label = parts[position][0] or f"d{self.input}"
            self.found_names[self.input] = ((label,), position)
        for variable in self.attributes:
            if variable not in found and rest and variable not in moved:
                position, value = rest.pop(0)
                found[variable] = value
                self.found_names[variable] = ((), position)
        return {name: np.asarray(value) for name, value in found.items()}

    def _held_name(self, variable: str, held: list[str]) -> str:
        """Return the name of the array on the object that is a variable's gradient, or ""."""
        own = [n for n in held if n not in self.attributes]
        before = variable.removesuffix(short_of(variable))
        near = [n for n in own if n.startswith(before) and "." not in n.removeprefix(before)]
        for names in (near, own if not before or not before.startswith("layers") else []):
            key = naming.find(short_of(variable), [short_of(n) for n in names])
            if key is not None:
                return next(n for n in names if short_of(n) == key)
        holders = ("grad", "d_", "deriv", "delta")
        for name in own:  # grads["W"]
            inside = any(step.lower().startswith(holders) for step in name.split(".")[:-1])
            if inside and naming.base(short_of(name)) == naming.base(short_of(variable)):
                return name
        return ""

    def parts(self, trial: Trial) -> list[tuple[str, Subject]]:
        """Return the student's own layers inside a student's network."""
        found: list[tuple[str, Subject]] = []
        for name, value in vars(self.ready).items():
            inside = value if isinstance(value, list | tuple) else [value]
            for number, thing in enumerate(inside):
                if _is_layer(thing):
                    path = f"{name}[{number}]" if inside is value else name
                    try:
                        part = ClassSubject(
                            thing, f"{type(thing).__name__} at {path}", self.notation
                        )
                    except ConfigurationError:
                        continue
                    found.append((path, part))
        return found

    def gradient_name(self, variable: str) -> str:
        names, _ = self.found_names.get(variable, ((), 0))
        known = names and naming.is_gradient_for(names[0], short_of(variable))
        name = names[0] if known else f"d{short_of(variable)}"
        attribute = self.attributes.get(variable)
        if attribute is None or len(attribute.path) == 1 or not attribute.path[-1][0]:
            return name
        return f"{variable.rpartition('.')[0]}.{name}"  # of a layer inside

    def code(self, variable: str) -> Code | None:
        method = getattr(type(self.object), self.backward_method, None)
        names, position = self.found_names.get(variable, ((), 0))
        if variable not in (*self.attributes, self.input):  # a value in between: dZ
            low = variable.lower()
            guesses = (variable, low, f"d_{low[1:]}", f"grad_{low[1:]}", "delta", "grad", "dz")
            return line_of(method, guesses, 99) if method else None
        return line_of(method, (*names, f"d{short_of(variable)}"), position) if method else None


def _is_layer(thing: Any) -> bool:
    def has(names: tuple[str, ...]) -> bool:
        return any(callable(getattr(thing, n, None)) for n in names)

    return hasattr(thing, "__dict__") and has(FORWARD) and has(BACKWARD)
