"""How each kind of thing that can be checked becomes a `Subject`."""
