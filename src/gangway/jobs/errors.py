"""What can go wrong when work is deferred or run."""

from gangway.foundation.errors import GangwayError, WhoActs


class JobArgumentRefused(GangwayError):
    """A job's arguments are ids only: they are stored in clear, and every operator of the database can read them."""

    code = "jobs:argument:refused"
    what = "A job was given something that is not an id."
    cure = "store the value in its own row (secrets in the vault) and pass the row's id"
    acts = WhoActs.US


class TaskUnknown(GangwayError):
    """No task has this name."""

    code = "jobs:task:unknown"
    what = "There is no task with this name."
    cure = "correct the name, or import the room's tasks"
    acts = WhoActs.US
