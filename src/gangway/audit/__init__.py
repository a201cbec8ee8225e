"""What happened, by whom, when: one log that nobody can change unseen, chained for each organization.

`record` writes it in the transaction of the change, `queries` reads it, `verify` looks whether it was touched.
"""
