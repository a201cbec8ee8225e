"""Many at once: a file of new services or of existing connections, looked at as a whole and then worked through."""
