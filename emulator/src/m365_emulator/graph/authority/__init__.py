"""Who may do what: permissions in the token and directory roles of the caller, both."""
