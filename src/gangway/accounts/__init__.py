"""How our own people get in: operators' invitations, the rules of sign-in, Microsoft accounts, sessions.

Writes by `actions`, `rules` and `microsoft`, reads by `queries`.
"""
