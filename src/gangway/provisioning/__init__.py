"""The engine's house: plans, runs, registrations and credentials, what was proved, and what is left in tenants.

Writes by `actions`, reads by `queries`; `engine` compares and acts, without Django.
"""
