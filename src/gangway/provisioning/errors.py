"""What can go wrong while a registration is made; what Microsoft says has its own tree, in `microsoft.errors`.

ProvisioningError
├── RegistrationNameTaken   another registration of ours in that tenant has the name
├── RunUnderWay             a run of this registration is at work already
├── RunOver                 the run is proved or cancelled: nothing goes on
├── NoSuchRun, NoSuchRegistration, NoSuchCredential
├── LeaseLost               another worker has taken the run over
├── RunCancelled            somebody asked to stop the run at work
├── NotTakenBack            it was stopped, and something it made is still there
├── TookTooLong             the run's deadline passed
└── Broke                   something of ours failed in the middle
"""

from gangway.foundation.errors import GangwayError, WhoActs


class ProvisioningError(GangwayError):
    """Root of this room's errors."""

    code = "provisioning:error"
    what = "The registration could not be made."
    cure = "Try again; if it happens again, tell us."
    acts = WhoActs.US


class RegistrationNameTaken(ProvisioningError):
    """The name is taken by another registration of ours in that tenant."""

    code = "provisioning:name:taken"
    what = "Another registration in this tenant has this name."
    cure = "Choose another name."
    acts = WhoActs.ADMINISTRATOR


class RunUnderWay(ProvisioningError):
    """A run of this registration is at work already."""

    code = "provisioning:run:under_way"
    what = "This registration is being made already."
    cure = "Wait until it is ready."
    acts = WhoActs.NOBODY


class RunOver(ProvisioningError):
    """The run ended for good."""

    code = "provisioning:run:over"
    what = "This has ended already."
    cure = "Start again, if something is still missing."
    acts = WhoActs.OPERATOR


class NoSuchRun(ProvisioningError):
    """There is none, or not in this scope."""

    code = "provisioning:run:unknown"
    what = "There is no such run."
    cure = "Go back and choose again."
    acts = WhoActs.OPERATOR


class NoSuchRegistration(ProvisioningError):
    """There is none, or not in this scope."""

    code = "provisioning:registration:missing"
    what = "There is no such registration."
    cure = "Go back and choose again."
    acts = WhoActs.OPERATOR


class NoSuchCredential(ProvisioningError):
    """The registration has no such credential that can be used."""

    code = "provisioning:credential:missing"
    what = "There is no secret for this registration."
    cure = "Send a new invitation to the administrator."
    acts = WhoActs.OPERATOR


class LeaseLost(ProvisioningError):
    """Another worker has taken this tenant's work over; whoever sees this stops at once and writes nothing more."""

    code = "provisioning:lease:lost"
    what = "Another worker goes on with this."
    cure = "Nothing needs to be done."
    acts = WhoActs.NOBODY


class RunCancelled(ProvisioningError):
    """Somebody asked to stop a run that is at work."""

    code = "provisioning:run:cancelled"
    what = "This was cancelled. What was made is taken back."
    cure = "Start again whenever you like."
    acts = WhoActs.NOBODY


class NotTakenBack(ProvisioningError):
    """The run was cancelled, but something it made is still in the tenant; `details` say what."""

    code = "provisioning:run:not_taken_back"
    what = "This was cancelled, but not everything could be taken back."
    cure = "An administrator can remove what is left: it stands in the list of steps."
    acts = WhoActs.ADMINISTRATOR


class TookTooLong(ProvisioningError):
    """The run's deadline passed."""

    code = "provisioning:run:too_long"
    what = "This took longer than it may. What was made so far is kept."
    cure = "Sign in again to go on."
    acts = WhoActs.ADMINISTRATOR


class Broke(ProvisioningError):
    """Something of ours failed in the middle."""

    code = "provisioning:run:broke"
    what = "Something failed on our side. What was made so far is kept."
    cure = "Tell your provider; after that, sign in again to go on."
    acts = WhoActs.US
