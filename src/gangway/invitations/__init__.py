"""How an administrator of a customer gets in: links, states, expiry, reminders, other administrators' links.

Writes by `actions`, reads by `queries`; a link's token is seen when it is made, and nowhere later.
"""
