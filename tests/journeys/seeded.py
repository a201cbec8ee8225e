"""The people of the emulator's documented default seed who appear in the journeys: sign-in name and password."""

GRACE = ("grace.global@contoso.com", "Contoso-Grace-1")
"""Global Administrator of Contoso."""

AVERY = ("avery.apps@contoso.com", "Contoso-Avery-1")
"""Application Administrator of Contoso."""

RILEY = ("riley.roles@contoso.com", "Contoso-Riley-1")
"""Privileged Role Administrator of Contoso."""

MORGAN = ("morgan.member@contoso.com", "Contoso-Morgan-1")
"""A member of Contoso without any role."""

NORA = ("nora.global@northwind.example", "Northwind-Nora-1")
"""Global Administrator of Northwind, which blocks device codes and asks for a second factor."""

NORA_NUMBER = "314159"
"""What her authenticator shows."""

GRAY = ("gray.global@fabrikam.com", "Fabrikam-Gray-1")
"""Global Administrator of Fabrikam."""

DANA = ("dana.dual@fabrikam.com", "Fabrikam-Dana-1")
"""A member of Fabrikam, and a guest of Contoso."""

PAT = ("pat.provider@sandbox1.example", "Provider-Pat-1")
"""Global Administrator of the platform's own tenant."""

TARA = ("tara.global@tailspin.example", "Tailspin-Tara-1")
"""Global Administrator of Tailspin, where no other journey goes."""
