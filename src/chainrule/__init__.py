"""chainrule: a neural-network library whose source is the derivation."""

__version__ = "0.1.0"
