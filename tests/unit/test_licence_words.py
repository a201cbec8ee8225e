"""How many of a tenant's licences are free, said so that it reads well for none, one and many."""

import pytest

from gangway.provisioning.licences import PhoneLicences, in_words


@pytest.mark.parametrize(
    ("left", "total", "wanted", "words"),
    [
        (0, 10, 30, "All 10 are assigned; the service is for 30 users."),
        (0, 1, 1, "The only one is assigned; the service is for one user."),
        (1, 10, 5, "1 of 10 is free; the service is for 5 users."),
        (4, 10, 1, "4 of 10 are free; the service is for one user."),
    ],
)
def test_the_number_of_free_licences_reads_well(left, total, wanted, words):
    assert in_words(PhoneLicences(left, total, ()), wanted) == words
