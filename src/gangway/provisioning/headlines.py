"""Where a run stands, in one sentence: by its state, and by what it is for."""

from typing import Final

from gangway.provisioning.engine.verify import COPYING
from gangway.provisioning.states import RunKind, RunState

_ANY: Final = {
    RunState.QUEUED: "We start in a moment.",
    RunState.RUNNING: "We are making the registration.",
    RunState.COPYING: f"{COPYING} We look again by ourselves; you may close this page.",
    RunState.WAITING: "What this account may do is done; somebody with more rights has to finish.",
    RunState.NEEDS_SIGN_IN: "The sign-in ended before everything was done. Sign in again to go on.",
    RunState.PROVED: "The registration is made and proved.",
    RunState.FAILED: "This could not be finished. What was made so far is kept.",
    RunState.CANCELLED: "This was cancelled.",
}
"""Of a set-up; other kinds say the same of what is alike."""

_REACHING: Final = {
    RunState.RUNNING: "We are adding what the registration lacks.",
    RunState.PROVED: "The registration has all that was planned, and it is proved.",
}

_OWN: Final = {
    RunKind.SETUP: {},
    RunKind.REPAIR: _REACHING,
    RunKind.UPGRADE: _REACHING,
    RunKind.AUDIT: {
        RunState.RUNNING: "We are comparing the registration with its plan.",
        RunState.PROVED: "The registration was compared with its plan; nothing was changed.",
        RunState.FAILED: "The registration could not be compared with its plan; nothing was changed.",
    },
    RunKind.TEARDOWN: {
        RunState.RUNNING: "We are taking away what is ours.",
        RunState.PROVED: "What was to be taken away is gone; that was read back.",
        RunState.FAILED: "Not everything could be taken away. What is left is listed.",
    },
    RunKind.ROTATION: {
        RunState.RUNNING: "We are renewing the credential. The one in use works on.",
        RunState.PROVED: "The credential is renewed, proved and in use.",
        RunState.FAILED: "The credential could not be renewed. The one in use works on.",
    },
    RunKind.CREDENTIAL: {
        RunState.RUNNING: "We are making a credential for this service.",
        RunState.PROVED: "The service has a credential of its own, and it is proved.",
        RunState.FAILED: "The service's own credential could not be made. Nothing else was changed.",
    },
}


def headline(kind: RunKind, state: RunState) -> str:
    """Say it for whoever reads the run's page or its part of the wizard."""
    own: dict[RunState, str] = _OWN[kind]
    return own.get(state, _ANY[state])
