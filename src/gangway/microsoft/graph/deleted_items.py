"""What Microsoft keeps after a deletion, for thirty days: found, brought back, or taken away for good."""

from gangway.foundation.ids import AppId, ObjectId
from gangway.microsoft.graph.applications import moment
from gangway.microsoft.graph.calls import WHOLE_LIST, Call, nothing, rows, text
from gangway.microsoft.graph.shapes import DeletedApplication
from gangway.microsoft.wire import Answer

LIST = "/directory/deletedItems/microsoft.graph.application"


def application(unique_name: str) -> Call[DeletedApplication | None]:
    """The deleted application with our unique name. Not every filter works there: we choose here."""
    path = f"{LIST}?$select=id,appId,displayName,uniqueName,deletedDateTime&$top=999"
    return Call("GET", path, lambda answer: _named(answer, unique_name), pages=WHOLE_LIST)


def delete_for_good(object_id: ObjectId) -> Call[None]:
    """Take a deleted object away; nothing brings it back. Missing when it isn't among the deleted ones."""
    return Call("DELETE", f"/directory/deletedItems/{object_id}", nothing)


def restore(object_id: ObjectId) -> Call[None]:
    """Bring a deleted object back. Missing when it isn't among the deleted ones, perhaps because it is back already.

    The empty body is for the batch, which Graph refuses whole when a write in it has none.
    """
    return Call("POST", f"/directory/deletedItems/{object_id}/restore", nothing, body={})


def _named(answer: Answer, unique_name: str) -> DeletedApplication | None:
    found = (row for row in rows(answer) if row.get("uniqueName") == unique_name)
    row = next(found, None)
    if row is None:
        return None
    return DeletedApplication(
        object_id=ObjectId(text(row, "id")),
        app_id=AppId(text(row, "appId")),
        display_name=row.get("displayName") or "",
        unique_name=unique_name,
        deleted_at=moment(row.get("deletedDateTime")),
    )
