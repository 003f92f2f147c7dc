"""Stand-alone export: a trained network as one Python file, or one C header, that needs nothing."""
