"""What an account can do of a plan, for the pages of the one who signed in and of the operator who waits."""

from gangway.onboarding.queries import Part, SignerView
from gangway.web.words import PART, Pill, said


def pills_of(signer: SignerView | None) -> list[dict[str, Part | Pill]]:
    """Each part with its state as it is drawn; nothing before anybody signed in."""
    return [{"part": part, "pill": said(PART, part.verdict)} for part in signer.parts] if signer else []
