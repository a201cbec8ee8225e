"""What can go wrong while a registration is made; what Microsoft says has its own tree, in `microsoft.errors`.

ProvisioningError
├── RegistrationNameTaken   another registration of ours in that tenant has the name
├── LifeOutOfRange          the credential would live longer than the plan says
├── RunUnderWay             a run of this registration is at work already
├── RunOver                 the run is proved or cancelled: nothing goes on
├── NoSuchRun, NoSuchRegistration, NoSuchCredential, NoSuchLeftover
├── EndNotPlausible         no credential ends on such a day
├── GivenToUs               the customer made the registration: we never change it
├── LeftoverCleared         it is marked as removed already
├── NotAllGone              a tear-down left something; the list of leftovers says what
├── NobodyToRemove          nobody with the right to remove it is signed in
├── CannotRotate            the registration may not give itself a new credential
├── ReplacedMeanwhile       while it was rotated, another one took the credential's place
├── LeaseLost               another worker has taken the run over
├── RunCancelled            somebody asked to stop the run at work
├── NotTakenBack            it was stopped, and something it made is still there
├── TookTooLong             the run's deadline passed
├── NotWaiting              the run waits for nobody (any more)
├── CheckedJustNow, NothingToSee, NotADayToPlan   what people ask of a run that waits
├── WaitedTooLong           nobody with enough rights came in time
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


class LifeOutOfRange(ProvisioningError):
    """A credential's life that the plan doesn't allow."""

    code = "provisioning:life:out_of_range"
    what = "This life of the credential is not possible."
    cure = "Choose fewer days; more would need a new invitation."
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


class GivenToUs(ProvisioningError):
    """A registration that the customer made: we use it as it is and never change it."""

    code = "provisioning:registration:given"
    what = "The customer made this App registration themselves, so we change nothing in it."
    cure = "Ask their administrator to add what is missing, then validate the authentication again."
    acts = WhoActs.ADMINISTRATOR


class NoSuchCredential(ProvisioningError):
    """The registration has no such credential that can be used."""

    code = "provisioning:credential:missing"
    what = "There is no secret for this registration."
    cure = "Ask an administrator of the customer by a link, or type another one."
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


class NotWaiting(ProvisioningError):
    """The run isn't waiting for another administrator (any more)."""

    code = "provisioning:waiting:over"
    what = "This is no longer waiting for another administrator."
    cure = "Load the page again to see where it stands."
    acts = WhoActs.NOBODY


class CheckedJustNow(ProvisioningError):
    """Every look asks Microsoft for fresh tokens; once in a while is enough."""

    code = "provisioning:waiting:checked_just_now"
    what = "We have looked just now, or are looking."
    cure = "Wait a quarter of a minute, then check again."
    acts = WhoActs.RETRY_LATER


class NothingToSee(ProvisioningError):
    """The registration can't tell what is missing: only a sign-in goes on."""

    code = "provisioning:waiting:nothing_to_see"
    what = "From here we can't see whether what is missing has come."
    cure = "Ask an administrator with the needed role to sign in by a link of their own."
    acts = WhoActs.ADMINISTRATOR


class NotADayToPlan(ProvisioningError):
    """A planned day lies within the time that the run waits."""

    code = "provisioning:waiting:not_a_day"
    what = "Choose a day within the time that we wait."
    cure = "If your change board meets later, tell your provider."
    acts = WhoActs.ADMINISTRATOR


class WaitedTooLong(ProvisioningError):
    """Nobody with enough rights came before the wait's own deadline."""

    code = "provisioning:waiting:too_long"
    what = "Nobody finished this in time."
    cure = "An administrator can still sign in and finish it, or delete what is in the tenant."
    acts = WhoActs.ADMINISTRATOR


class EndNotPlausible(ProvisioningError):
    """A typed end of a credential that can't be meant."""

    code = "provisioning:credential:end_not_plausible"
    what = "No credential ends on such a day."
    cure = "Type the day as Microsoft's page shows it, under Certificates & secrets."
    acts = WhoActs.OPERATOR


class NoSuchLeftover(ProvisioningError):
    """There is none, or not in this scope."""

    code = "provisioning:leftover:missing"
    what = "There is no such leftover."
    cure = "Go back and choose again."
    acts = WhoActs.OPERATOR


class LeftoverCleared(ProvisioningError):
    """Somebody, or we ourselves, cleared it before."""

    code = "provisioning:leftover:cleared"
    what = "This is marked as removed already."
    cure = "Nothing needs to be done."
    acts = WhoActs.NOBODY


class OnlyByHand(ProvisioningError):
    """A credential that only looks like ours, or that our journal has as removed."""

    code = "provisioning:leftover:only_by_hand"
    what = "Our journal doesn't give us the right to remove this."
    cure = "Send the customer's administrator the way to it in Microsoft's portal, then mark it as removed."
    acts = WhoActs.OPERATOR


class UsedAgain(ProvisioningError):
    """Between being listed and being removed, a service took it into use."""

    code = "provisioning:leftover:used_again"
    what = "A service signs in with this app registration: nothing of it is taken away."
    cure = "Delete the service first, if the registration shall go."
    acts = WhoActs.OPERATOR


class NotAllGone(ProvisioningError):
    """A tear-down did what it could; `left` names what stays."""

    code = "provisioning:teardown:not_all_gone"
    what = "Not everything could be removed from the tenant."
    cure = "The list of leftovers says what is left, why, and how an administrator removes it."
    acts = WhoActs.ADMINISTRATOR


class NobodyToRemove(ProvisioningError):
    """No token of a person, and the registration itself may not remove anything."""

    code = "provisioning:teardown:needs_sign_in"
    what = "Nobody who may remove this is signed in, and the registration has no right to do it by itself."
    cure = (
        "An administrator of the customer signs in and it goes on, or removes by hand what the list of leftovers names."
    )
    acts = WhoActs.ADMINISTRATOR


class CannotRotate(ProvisioningError):
    """Without Application.ReadWrite.OwnedBy and ownership the customer has to renew the credential."""

    code = "provisioning:rotation:needs_customer"
    what = "The registration may not give itself a new credential."
    cure = "Send a renewal to the administrator; the present credential keeps working until it ends."
    acts = WhoActs.OPERATOR


class ReplacedMeanwhile(ProvisioningError):
    """Somebody replaced the credential while its rotation was at work: what the rotation made is used by nobody."""

    code = "provisioning:rotation:replaced"
    what = "Another credential took this one's place meanwhile. What the rotation made is taken away again."
    cure = "Nothing needs to be done: the service uses the other one."
    acts = WhoActs.NOBODY
