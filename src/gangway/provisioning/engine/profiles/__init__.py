"""Versioned profiles, as data files. `profile.load` reads and checks them."""
