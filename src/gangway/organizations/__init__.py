"""The tree of provider, channel and customer, its people and their roles, and whose data it is.

`scope` carries whose data may be seen, `roles` is the table of who may do what. Writes by `actions`, `changing` and
`people`; reads by `queries`, `place_queries` and `people_queries`.
"""
