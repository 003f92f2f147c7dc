"""Why a gradient is wrong: slips that students make, each tested against the numbers.

One file per family of slips; `table.py` lists them all, `search.py` tries them. A new slip is
one `Hypothesis` in one of the families.
"""
