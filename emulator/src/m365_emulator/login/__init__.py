"""Entra ID: discovery, sign-in pages, device codes and the token endpoint."""
