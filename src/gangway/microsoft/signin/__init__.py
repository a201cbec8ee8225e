"""Sign-in at Entra ID: what is asked and what came of it, as values. Who polls, and when, is for the caller."""
