"""Microsoft Graph v1.0: one file per resource, one dispatcher for single requests and for those inside a batch."""
