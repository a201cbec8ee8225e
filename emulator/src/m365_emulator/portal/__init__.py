"""A portal to look at what was made: registrations, secrets, permissions, roles; it asks Graph as its visitor."""
