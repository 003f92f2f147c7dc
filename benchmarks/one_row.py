"""One row through an exported C header and through onnxruntime, in alternation.

    python -m benchmarks.one_row          needs gcc, onnx and onnxruntime

Both are called from Python, one row a call, on one thread: the header through ctypes, onnxruntime
through `InferenceSession.run`. "inside" is the same C function called in a loop in C.
"""

from __future__ import annotations

import ctypes
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr

ROUNDS, CALLS = 31, 400
WRAPPER = '#include "mlp.h"\nvoid outputs(const float *x, float *z) { mlp_outputs(x, z); }\n'
FLAGS = (["-O3"], ["-O3", "-march=native"])


def seconds(call: Callable[[], Any]) -> float:
    """Return how long one call takes, over a few hundred."""
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - start) / CALLS


def session(model: cr.Model) -> Any:
    """Return onnxruntime with the same weights, as the usual three nodes."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("Gemm", ["x", "0.W", "0.b"], ["a"]),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Gemm", ["r", "2.W", "2.b"], ["z"]),
    ]
    weights = [numpy_helper.from_array(np.array(p), n) for n, p in model.parameters.items()]
    x, z = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, n])
        for name, n in (("x", 784), ("z", 10))
    )
    graph = helper.make_graph(nodes, "mlp", [x], [z], weights)
    onnx_model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx_model.ir_version = 9
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        onnx_model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def main() -> None:
    network = cr.Sequential(cr.Dense(128), cr.ReLU(), cr.Dense(10))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(784,))
    x = np.random.default_rng(0).random((1, 784), dtype=np.float32)
    z = np.zeros(10, np.float32)
    runtime = session(model)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = cr.export_standalone(model, folder / "mlp.h", x)
        (folder / "mlp.c").write_text(WRAPPER)
        print(f"784-128-10: {report.bytes:,} bytes of C for {4 * 101_770:,} bytes of weights")
        for i, flags in enumerate(FLAGS):
            shared, program = folder / f"mlp{i}.so", folder / f"mlp{i}"
            end = ["-o", str(shared), "-lm"]
            subprocess.run(
                ["gcc", *flags, "-shared", "-fPIC", str(folder / "mlp.c"), *end], check=True
            )
            main_ = ["-DMLP_MAIN", "-x", "c", str(folder / "mlp.h"), "-o", str(program), "-lm"]
            subprocess.run(["gcc", *flags, *main_], check=True)
            said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
            found = re.search(r"([\d.]+) us", said)
            assert found is not None
            outputs = ctypes.CDLL(str(shared)).outputs
            pointers = [ctypes.c_void_p(a.ctypes.data) for a in (x, z)]
            pairs = [
                (
                    seconds(lambda: outputs(*pointers)),  # noqa: B023
                    seconds(lambda: runtime.run(None, {"x": x})),
                )
                for _ in range(ROUNDS)
            ]
            ours, theirs = np.median(pairs, axis=0) * 1e6
            ratios = np.array([b / a for a, b in pairs])
            worst = np.abs(z - runtime.run(None, {"x": x})[0]).max()
            size = (shared.stat().st_size + 999) // 1000
            print(
                f"gcc {' '.join(flags):<18} {ours:5.1f} µs a row ({float(found[1]):.1f} inside), "
                f"onnxruntime {theirs:5.1f} µs: {np.median(ratios):.2f} times as fast "
                f"({ratios.min():.2f} to {ratios.max():.2f}); {size} kB; differ by {worst:.0e}"
            )


if __name__ == "__main__":
    main()
