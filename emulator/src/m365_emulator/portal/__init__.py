"""A portal to look at what was made: registrations, secrets, permissions, roles."""
