"""The database: its address, its roles, the embedded server, what each role may do."""
