"""The control door: reset, seed, clock, faults, request log. Not part of Microsoft's cloud."""
