"""What keeps a service's connection alive: validation, rotation, suspension, emergencies.

Writes by `actions`, `rotation`, `policy` and `emergency`; reads by `queries` and `care_view`.
"""
