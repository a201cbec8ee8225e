"""What needs a person: raised and cleared by workers, told to whoever looks after it, kept as history.

Writes by `actions` and `preferences`, reads by `queries`; `forgetting` erases whom they named.
"""
