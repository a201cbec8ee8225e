"""What the admin consent endpoint does with permissions that were granted earlier but are not asked for now."""

from __future__ import annotations

from m365_emulator.login.policies.policy import Policy, switch

policy = Policy(
    name="adminConsentRevokes",
    default=True,
    words="false: the admin consent endpoint only adds; true: it takes back what the registration no longer lists "
    "(Microsoft: it 'may revoke')",
    check=switch("adminConsentRevokes"),
)
