"""A mail server for development: takes every mail over real SMTP, sends none on, and shows them in a web inbox."""
