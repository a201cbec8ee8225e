"""The platform as an issuer of tokens (OpenID Connect): registrations trust it instead of keeping a secret.

Web publishes public keys; workers make private ones, seal them, and sign. Nobody signs in here.
"""
