"""The languages that a customer's people are spoken to in. Operators' own pages and mails are English."""
