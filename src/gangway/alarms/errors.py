"""What can go wrong with alarms.

AlarmsError
├── NoSuchAlarm      there is none, or not in this scope
├── AlarmOver        it is cleared already
└── HoursWrong       quiet hours or the hour of the digest make no sense
"""

from gangway.foundation.errors import GangwayError, WhoActs


class AlarmsError(GangwayError):
    """Root of this room's errors."""

    code = "alarms:error"
    what = "This can't be done with this alarm."
    cure = "Go back and try again; if it happens again, tell us."
    acts = WhoActs.OPERATOR


class NoSuchAlarm(AlarmsError):
    """There is none, or not in this scope."""

    code = "alarms:alarm:unknown"
    what = "There is no such alarm."
    cure = "Go back to the list of alarms."


class AlarmOver(AlarmsError):
    """Somebody, or we ourselves, cleared it before."""

    code = "alarms:alarm:over"
    what = "This alarm is cleared already."
    cure = "Nothing needs to be done."
    acts = WhoActs.NOBODY


class HoursWrong(AlarmsError):
    """Hours of a day, from 0 to 23; quiet hours need a beginning and another end."""

    code = "alarms:hours:wrong"
    what = "These hours don't work."
    cure = "Give whole hours from 0 to 23, and for quiet hours both a beginning and another end."
