"""Gangway brings a customer's Microsoft 365 tenant aboard a service provider's voice platform."""
