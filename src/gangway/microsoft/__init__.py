"""Floor 2: a small typed client of Entra ID and Microsoft Graph. Knows no Django, no database and no room above it."""
