"""Many requests at the same moment: as many at work as there are connections, the others in their turn."""

import asyncio

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory

from gangway.web import turns
from gangway.web.turns import Turns

AT_ONCE = settings.GANGWAY.database_pool_size


def ask(answer, *, times):
    """So many requests at the same moment, to a view that answers like this."""

    async def all_of_them():
        door = Turns(answer)
        return await asyncio.gather(*(door(RequestFactory().get("/")) for _ in range(times)))

    return asyncio.run(all_of_them())


def test_no_more_are_at_work_than_there_are_connections_and_all_are_answered():
    at_work, most = set(), []

    async def view(request):
        at_work.add(request)
        most.append(len(at_work))
        for _ in range(3):
            await asyncio.sleep(0)
        at_work.remove(request)
        return HttpResponse()

    answers = ask(view, times=10 * AT_ONCE)
    assert max(most) == AT_ONCE
    assert [one.status_code for one in answers] == [200] * 10 * AT_ONCE


def test_who_waits_too_long_is_told_when_to_come_again(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.01)

    async def crowded():
        over = asyncio.Event()

        async def view(request):
            await over.wait()
            return HttpResponse()

        door = Turns(view)
        first = [asyncio.create_task(door(RequestFactory().get("/"))) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        told = await door(RequestFactory().get("/"))
        over.set()
        await asyncio.gather(*first)
        return told, await door(RequestFactory().get("/"))

    told, later = asyncio.run(crowded())
    assert (told.status_code, told["Retry-After"]) == (503, str(turns.AGAIN_SECONDS))
    assert "Very many people are here at this moment" in told.content.decode()
    assert later.status_code == 200


def test_a_broken_view_gives_its_turn_back():
    async def broken(request):
        raise ValueError("broken")

    async def all_of_them():
        door = Turns(broken)
        for _ in range(2 * AT_ONCE):
            with pytest.raises(ValueError, match="broken"):
                await asyncio.wait_for(door(RequestFactory().get("/")), 30)

    asyncio.run(all_of_them())
