"""Which formulas a piece of code computes, found out from its numbers alone."""
