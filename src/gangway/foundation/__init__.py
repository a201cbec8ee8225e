"""Floor 1: clock, identifiers, root error and sealed text. Knows nothing else and no Django."""
