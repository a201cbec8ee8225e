"""Direct Routing services: their names, licences, states and end. Writes by `actions`, reads by `queries`."""
