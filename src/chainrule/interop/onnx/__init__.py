"""ONNX both ways.

One layer's translation lives in one place: the file of its family here holds the function that
writes the layer (`@writes(Dense)`) beside the one that reads its operator (`@reads("Gemm")`).
`tables.py` collects them, and nothing else knows a layer or an operator by name.

| file | what it knows |
|---|---|
| `linear`, `images`, `activations`, `normalization`, `shaping`, `entrance`, `branches` | layers |
| `links.py` | what follows the network: a loss's link to probabilities |
| `graph.py`, `place.py`, `writing.py` | a model as a graph of nodes |
| `proto.py`, `file.py` | a graph as a file, and back, checked |
| `track.py`, `reading.py`, `paths.py` | a graph as layers |
| `constants.py`, `spellings.py` | what is known before any sample; operators spelt out |
| `header.py` | the exact model from our own files, if the graph bears it out |
| `exporting.py`, `importing.py`, `parity.py` | the two verbs, and the comparison |
"""
