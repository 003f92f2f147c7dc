"""`PYTHONPATH=tests python -m planted_bugs`: print the rate of right diagnoses, by slip."""

from __future__ import annotations

from collections import Counter

from planted_bugs.report import rate
from planted_bugs.table import BUGS

found = rate()
total = Counter(bug.slip for bug in BUGS)
right = Counter(bug.slip for bug in BUGS if str(bug) not in found["wrong"])
for slip, count in total.items():
    print(f"{slip:<32} {right[slip]} of {count}")
print(f"{found['right']} of {found['bugs']} diagnosed with the right slip")
for name, text in found["wrong"].items():
    print(f"  {name}: {text}")
