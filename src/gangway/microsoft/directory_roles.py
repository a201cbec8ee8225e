"""Directory roles that somebody may hold in a tenant, by the template ids that tokens carry in `wids`."""

from typing import Final

GLOBAL: Final = "62e90394-69f5-4237-9190-012177145e10"
PRIVILEGED_ROLE: Final = "e8611ab8-c189-46e8-94e1-60213ab1f814"
APPLICATION: Final = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
CLOUD_APPLICATION: Final = "158c047a-c907-4556-b7ef-446551a6b5f7"

NAMES: Final = {
    GLOBAL: "Global Administrator",
    PRIVILEGED_ROLE: "Privileged Role Administrator",
    APPLICATION: "Application Administrator",
    CLOUD_APPLICATION: "Cloud Application Administrator",
}
