"""What is sealed opens in its own place only, only with the private key, and not after it was destroyed."""

import dataclasses
from pathlib import Path
from uuid import uuid4

import pytest

from gangway.audit.models import Entry
from gangway.audit.record import Actor
from gangway.foundation.sealed import SealedText
from gangway.vault import keys, page_codes
from gangway.vault.actions import destroy, reveal, seal, seal_anew
from gangway.vault.errors import SealBroken, SealingKeyMissing, SealingKeyUnreadable, SecretDestroyed, VaultClosed
from gangway.vault.models import Sealed
from gangway.vault.places import Place

BY = Actor.system("test")
SECRET = SealedText("s3cret-Value~ü")


def place() -> Place:
    return Place(uuid4(), "provisioning.credential.secret", uuid4())


@pytest.mark.django_db
def test_sealed_text_opens_in_its_place_and_is_recorded() -> None:
    here = place()
    sealed_id = seal(place=here, text=SECRET)
    assert SECRET.reveal().encode() not in bytes(Sealed.objects.get().ciphertext or b"")
    assert reveal(sealed_id=sealed_id, place=here, purpose="test", by=BY) == SECRET
    entry = Entry._base_manager.get()
    assert (entry.event, entry.data["purpose"]) == ("vault:secret:revealed", "test")


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["organization_id", "row_id", "field"])
def test_ciphertext_moved_elsewhere_does_not_open(change: str) -> None:
    here = place()
    sealed_id = seal(place=here, text=SECRET)
    other = dataclasses.replace(here, **{change: "other.field" if change == "field" else uuid4()})
    with pytest.raises(SealBroken):
        reveal(sealed_id=sealed_id, place=other, purpose="test", by=BY)


@pytest.mark.django_db
def test_ciphertexts_exchanged_between_two_rows_open_in_neither() -> None:
    first, second = place(), place()
    ids = seal(place=first, text=SECRET), seal(place=second, text=SealedText("other"))
    one, two = Sealed.objects.get(id=ids[0]), Sealed.objects.get(id=ids[1])
    one.ciphertext, two.ciphertext = two.ciphertext, one.ciphertext
    one.save()
    two.save()
    for sealed_id, there in zip(ids, (first, second), strict=True):
        with pytest.raises(SealBroken):
            reveal(sealed_id=sealed_id, place=there, purpose="test", by=BY)


@pytest.mark.django_db
def test_changed_ciphertext_does_not_open() -> None:
    here = place()
    sealed_id = seal(place=here, text=SECRET)
    row = Sealed.objects.get()
    row.ciphertext = bytes(row.ciphertext or b"")[:-1] + b"\0"
    row.save()
    with pytest.raises(SealBroken):
        reveal(sealed_id=sealed_id, place=here, purpose="test", by=BY)


@pytest.mark.django_db
def test_destroyed_secret_is_gone_and_destroying_again_is_fine() -> None:
    here = place()
    sealed_id = seal(place=here, text=SECRET)
    for _ in range(2):
        destroy(sealed_id=sealed_id, by=BY)
    destroy(sealed_id=None, by=BY)
    assert Sealed.objects.get().ciphertext is None
    with pytest.raises(SecretDestroyed):
        reveal(sealed_id=sealed_id, place=here, purpose="test", by=BY)
    assert Entry._base_manager.filter(event="vault:secret:destroyed").count() == 1


@pytest.mark.django_db
def test_without_the_private_key_it_seals_but_never_opens(settings, tmp_path: Path) -> None:
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"sealing_private_keys_dir": None})
    here = place()
    sealed_id = seal(place=here, text=SECRET)
    with pytest.raises(VaultClosed):
        reveal(sealed_id=sealed_id, place=here, purpose="test", by=BY)


@pytest.mark.django_db
def test_new_key_is_used_and_old_number_still_opens(settings, tmp_path: Path) -> None:
    folders = {"public_dir": tmp_path / "public", "private_dir": tmp_path / "private"}
    settings.GANGWAY = settings.GANGWAY.model_copy(
        update={f"sealing_{kind}_keys_dir": tmp_path / kind for kind in ("public", "private")}
    )
    here = place()
    with pytest.raises(SealingKeyMissing):
        seal(place=here, text=SECRET)
    assert keys.new(**folders) == 1
    old = seal(place=here, text=SECRET)
    assert keys.new(**folders) == 2
    young = seal(place=here, text=SECRET)
    assert [Sealed.objects.get(id=each).key_number for each in (old, young)] == [1, 2]
    assert reveal(sealed_id=old, place=here, purpose="test", by=BY) == SECRET


@pytest.mark.django_db
def test_what_older_keys_open_is_sealed_anew_while_everything_runs(settings, tmp_path: Path) -> None:
    """Afterwards the older private half isn't needed any more, and each text opens in its own place only, as before."""
    folders = {kind: tmp_path / kind for kind in ("public", "private")}
    settings.GANGWAY = settings.GANGWAY.model_copy(
        update={f"sealing_{kind}_keys_dir": folder for kind, folder in folders.items()}
    )
    here, there = place(), place()
    keys.new(public_dir=folders["public"], private_dir=folders["private"])
    mine, theirs, gone = (seal(place=each, text=SECRET) for each in (here, there, here))
    destroy(sealed_id=gone, by=BY)
    assert seal_anew(most=10, by=BY) == 0
    keys.new(public_dir=folders["public"], private_dir=folders["private"])
    assert [seal_anew(most=1, by=BY) for _ in range(3)] == [1, 1, 0]
    (folders["private"] / "1.private").unlink()
    assert reveal(sealed_id=mine, place=here, purpose="test", by=BY) == SECRET
    with pytest.raises(SealBroken):
        reveal(sealed_id=theirs, place=here, purpose="test", by=BY)
    with pytest.raises(SecretDestroyed):
        reveal(sealed_id=gone, place=here, purpose="test", by=BY)


def test_key_files_are_private_and_never_overwritten(tmp_path: Path) -> None:
    keys.new(public_dir=tmp_path / "a", private_dir=tmp_path / "b")
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "b" / "1.private").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        keys._write(tmp_path / "b" / "1.private", 0o600, b"", b"")


def test_damaged_key_says_which_file_and_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "1.private").write_text("gangway sealing key 1\nc2VjcmV0\nc2VjcmV0\n")
    with pytest.raises(SealingKeyUnreadable) as unreadable:
        keys.private(tmp_path, 1)
    assert unreadable.value.details == {"file": "1.private"}
    assert unreadable.value.__cause__ is None


def test_page_code_opens_in_its_own_context_only() -> None:
    veiled = page_codes.veil(SealedText("ABCD-EFGH"), context="row 1")
    assert "ABCD" not in veiled
    assert page_codes.unveil(veiled, context="row 1").reveal() == "ABCD-EFGH"
    with pytest.raises(SealBroken):
        page_codes.unveil(veiled, context="row 2")
