"""ONNX: a model as a graph that other tools run.

One layer's translation lives in one place, a function in the file of its family here, marked
`@writes(Dense)`. `tables.py` collects them, and nothing else knows a layer by name.

| file | what it knows |
|---|---|
| `linear`, `images`, `activations`, `normalization`, `shaping`, `entrance`, `branches` | layers |
| `links.py` | what follows the network: a loss's link to probabilities |
| `graph.py`, `place.py`, `writing.py` | a model as a graph of nodes |
| `proto.py` | a graph as a file, approved by ONNX's own checker |
| `exporting.py`, `parity.py` | writing the file, and the comparison beside onnxruntime |
"""
