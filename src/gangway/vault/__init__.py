"""Secrets sealed to the workers' public key: the web process can put them in, only workers can take them out."""
