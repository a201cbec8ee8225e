"""Django's PostgreSQL engine, told apart by one thing: it says to the database whose data a statement is about."""
