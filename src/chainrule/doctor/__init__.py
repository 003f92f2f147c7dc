"""The training doctor: what is wrong with a training, in plain words, with the evidence."""

from chainrule.doctor.callback import Doctor
from chainrule.doctor.examine import examine
from chainrule.doctor.finding import Finding
from chainrule.doctor.report import Report

__all__ = ["Doctor", "Finding", "Report", "examine"]
