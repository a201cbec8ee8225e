"""Owners of an application: who may change it without an administrator's role."""

from gangway.foundation.ids import ObjectId
from gangway.microsoft.graph.calls import Call, nothing, rows, text
from gangway.microsoft.wire import Answer


def of_application(object_id: ObjectId) -> Call[frozenset[ObjectId]]:
    """The object ids of an application's owners, people and principals."""
    return Call("GET", f"/applications/{object_id}/owners?$select=id", _owners)


def add(object_id: ObjectId, *, owner: ObjectId) -> Call[None]:
    """Add an owner; AlreadySo when it is one."""
    return Call("POST", f"/applications/{object_id}/owners/$ref", nothing, refers_to=f"/directoryObjects/{owner}")


def _owners(answer: Answer) -> frozenset[ObjectId]:
    return frozenset(ObjectId(text(row, "id")) for row in rows(answer))
