"""Whether an application may carry Microsoft's name in its own."""

from __future__ import annotations

from m365_emulator.login.policies.policy import Policy, switch

policy = Policy(
    name="refuseMicrosoftInNames",
    default=False,
    words="true: Graph refuses a displayName of an application that holds the word Microsoft, as has been seen once",
    check=switch("refuseMicrosoftInNames"),
)
