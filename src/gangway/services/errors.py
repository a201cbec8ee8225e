"""What can go wrong with a Direct Routing service.

ServicesError
├── InvalidName       a name breaks one or more of the rules
├── InvalidFullName   too long, or with characters that can't be shown
├── NameTaken         another service of this provider has it
├── InvalidLicence    no such licence type
├── SameLicence       the service has this licence type already
├── InvalidUsers      not 1 to 500
├── PoolUsedUp        the provider's pool of licensed users has not so many left
├── CustomerHasServices   it can't go while services of it live
├── NoSuchService     there is none, or not in this scope
└── ServiceMoved      it is no longer in the state this needs
"""

from gangway.foundation.errors import GangwayError, WhoActs


class ServicesError(GangwayError):
    """Root of this room's errors."""

    code = "services:error"
    what = "This can't be done with this service."
    cure = "Go back and try again; if it happens again, tell us."
    acts = WhoActs.OPERATOR


class InvalidName(ServicesError):
    """A name breaks one or more of the rules; `sentences` has one for each."""

    code = "services:name:invalid"
    what = "This name can't be used."
    cure = "Change the name as the rules beside the field say."

    def __init__(self, *, field: str, sentences: tuple[str, ...] = ()) -> None:
        """Say every broken rule at once, so that nobody has to try again and again."""
        super().__init__(" ".join(sentences) or None, field=field)
        self.sentences = sentences


class InvalidFullName(ServicesError):
    """The full name is free text, with only two bounds."""

    code = "services:full_name:invalid"
    what = "A full name has at most 200 characters, all of them visible ones or blanks."
    cure = "Shorten it, or type it again without line breaks and hidden characters."


class NameTaken(ServicesError):
    """Another planned or created service of the same provider has this short name."""

    code = "services:name:taken"
    what = "Another service already has this short name."
    cure = "Choose another short name. Upper and lower case count as the same."


class InvalidLicence(ServicesError):
    """The licence type is none of those offered."""

    code = "services:licence:invalid"
    what = "Choose Hosted Essentials+ or Hosted Pro."
    cure = "Choose one of the two licence types."


class SameLicence(ServicesError):
    """A change of licence to the one that is there."""

    code = "services:licence:same"
    what = "Invalid change for License Type: the service has this one already."
    cure = "Choose the other license type, or change only the number of users."


class InvalidUsers(ServicesError):
    """The number of licensed users is outside 1 to 500."""

    code = "services:users:invalid"
    what = "A service has 1 to 500 licensed users."
    cure = "Type a whole number from 1 to 500."


class PoolUsedUp(ServicesError):
    """The provider bought a number of licensed users, and so many more aren't left."""

    code = "services:pool:used_up"
    what = "Your provider's pool has not so many licensed users left."
    cure = "Choose fewer users, or have the provider acquire more."

    def __init__(self, *, left: int | None, field: str) -> None:
        """Say how many are left, if whoever asks may know: what they can still choose."""
        super().__init__(self.what if left is None else f"The pool has {left} licensed users left.", field=field)


class CustomerHasServices(ServicesError):
    """A customer can't be removed while services of it live."""

    code = "services:customer:has_services"
    what = "This customer still has services."
    cure = "Delete its services first, or move the customer to another channel instead."


class NoSuchService(ServicesError):
    """There is no such service where this person may look."""

    code = "services:service:unknown"
    what = "We can't find this service."
    cure = "Check the address, or choose the service from the list."


class ServiceMoved(ServicesError):
    """Somebody else moved the service on in the meantime, or it was never in the needed state."""

    code = "services:service:moved"
    what = "This service has changed in the meantime."
    cure = "Load the page again to see its state."
