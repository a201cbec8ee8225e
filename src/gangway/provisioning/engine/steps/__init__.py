"""One file per kind of step: is it needed, how it is done, what is learned from the answer, how it is undone.

A step is a value. `needed(...)` gives the steps of its kind that are missing; `call(seen)` what to send; `learn` gives
the observation after Microsoft said yes; `undo` gives the call that takes it back, or None when another undo covers it.
"""
