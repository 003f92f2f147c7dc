"""Gradient certificates: whether a gradient is the derivative, and what went wrong if not.

`check(subject)` measures every gradient against the numeric one (`measure.py`, `numeric.py`),
recognises the formulas that the code computes (`recognition/`), tries the slips that explain a
wrong one (`diagnosis/`), and says so in the student's own letters (`wording.py`, `text.py`).
"""

from chainrule.checking.certificate import Certificate, Remark
from chainrule.checking.check import certify, check
from chainrule.checking.diagnosis.diagnose import Diagnosis
from chainrule.checking.measure import Result
from chainrule.checking.subject import Subject

__all__ = ["Certificate", "Diagnosis", "Remark", "Result", "Subject", "certify", "check"]
