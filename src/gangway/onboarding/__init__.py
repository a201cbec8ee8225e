"""The way aboard: the wizard's stages for the customer's administrator, and the operator's part after *Add*.

Writes by `actions`, reads by `queries` (in `shapes`); what goes on by itself stands in `stages` and `tasks`.
"""
