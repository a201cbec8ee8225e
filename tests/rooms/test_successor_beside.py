"""A registration that a deleted service used beside its connection serves its successor."""

import pytest

from gangway.connections import companions
from gangway.connections.models import Companion
from gangway.foundation import clock
from gangway.organizations.scope import within
from gangway.services.models import Service
from tests.rooms import factories_services
from tests.rooms.factories_provisioning import BY, make_work

pytestmark = pytest.mark.django_db


def test_the_registration_beside_a_deleted_service_can_be_used_by_another_one():
    work = make_work()
    work.start("any")
    about = {"organization_id": work.customer.id, "registration_id": work.registration_id, "profile": "qoe"}
    successor = factories_services.plan(work.customer)
    with within(work.customer.path):
        companions.take_over(service_id=work.service_id, **about, by=BY, now=clock.now())
        assert companions.used_by(work.registration_id) == work.service_id
        Service.objects.filter(pk=work.service_id).update(lifecycle="deleted")
        assert companions.used_by(work.registration_id) is None
        companions.take_over(service_id=successor, **about, by=BY, now=clock.now())
        assert Companion.objects.get().service_id == successor
