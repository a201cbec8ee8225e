"""Whether a client assertion works once or until it runs out."""

from __future__ import annotations

from m365_emulator.login.policies.policy import Policy, switch

policy = Policy(
    name="refuseUsedAssertions",
    default=False,
    words="true: a certificate's client assertion is good once (its jti); Entra has been seen to take it until it ends",
    check=switch("refuseUsedAssertions"),
)
