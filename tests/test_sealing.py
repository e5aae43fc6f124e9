"""Sealing: only the right key opens, the same text gives the same bytes, and no two texts share a nonce."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import circle, entry, house, person

from pipeline.keyring import Keyring
from pipeline.model import EVERYONE
from pipeline.sealing import BLOCK, Seals, base32, checksum, decrypt, encrypt

SEALS = Seals(bytes(range(32)), b"first" * 7)
SEAL = SEALS.seal("page", "lease", "en", "inner")
quick = settings(max_examples=100, deadline=None, derandomize=True)
PLAIN = st.binary(max_size=3 * BLOCK)
NAMES = st.lists(st.text(min_size=1, max_size=8), max_size=4)


@quick
@given(PLAIN)
def test_the_right_key_gives_back_every_byte(plain: bytes) -> None:
    assert decrypt(SEAL.address, SEAL.key, encrypt(SEAL, plain)) == plain


@quick
@given(PLAIN)
def test_the_same_text_gives_the_same_bytes(plain: bytes) -> None:
    again = Seals(bytes(range(32)), b"first" * 7).seal("page", "lease", "en", "inner")
    assert encrypt(again, plain) == encrypt(SEAL, plain)


@quick
@given(st.lists(PLAIN, min_size=2, max_size=8, unique=True))
def test_no_two_texts_share_a_nonce_under_one_key(texts: list[bytes]) -> None:
    assert len({encrypt(SEAL, text)[:12] for text in texts}) == len(texts)


@quick
@given(PLAIN, NAMES, NAMES)
def test_the_key_of_another_class_opens_nothing(plain: bytes, one: list[str], other: list[str]) -> None:
    first, second = SEALS.seal("page", *one), SEALS.seal("page", *other)
    opened = decrypt(first.address, second.key, encrypt(first, plain))
    assert opened == (plain if one == other else None)
    assert (first.address == second.address) == (one == other)


@quick
@given(st.binary(max_size=40), st.data())
def test_one_changed_byte_opens_nothing(plain: bytes, data: st.DataObject) -> None:
    locked = bytearray(encrypt(SEAL, plain))
    locked[data.draw(st.integers(0, len(locked) - 1))] ^= data.draw(st.integers(1, 255))
    assert decrypt(SEAL.address, SEAL.key, bytes(locked)) is None


@pytest.mark.parametrize("data", [b"", b"short", bytes(12), bytes(28)])
def test_what_was_never_sealed_opens_to_nothing(data: bytes) -> None:
    assert decrypt(SEAL.address, SEAL.key, data) is None


def test_a_file_moved_to_another_address_does_not_open_there() -> None:
    assert decrypt(SEALS.seal("other").address, SEAL.key, encrypt(SEAL, b"words")) is None


@pytest.mark.parametrize("parts", [("ab", "c"), ("a", "bc"), ("abc",), ("abc", "")])
def test_parts_that_read_alike_when_joined_are_not_alike(parts: tuple[str, ...]) -> None:
    others = {("ab", "c"), ("a", "bc"), ("abc",), ("abc", "")} - {parts}
    assert SEALS.seal(*parts).key not in {SEALS.seal(*other).key for other in others}


@pytest.mark.parametrize("seals", [Seals(bytes(32), b"first" * 7), Seals(bytes(range(32)), b"second" * 6)])
def test_another_house_or_generation_shares_neither_key_nor_address(seals: Seals) -> None:
    other = seals.seal("page", "lease", "en", "inner")
    assert other.key != SEAL.key
    assert other.nonces != SEAL.nonces
    assert other.address != SEAL.address


def test_the_length_says_only_how_many_blocks_there_are() -> None:
    lengths = {len(encrypt(SEAL, b"x" * size)) for size in (0, 1, 100, BLOCK - 4)}
    assert lengths == {12 + BLOCK + 16}
    assert len(encrypt(SEAL, b"x" * (BLOCK - 3))) == 12 + 2 * BLOCK + 16


def test_key_address_and_checksum_are_letters_and_digits() -> None:
    """Nothing in them ends a link in plain text, and no part of them stands alone as a word."""
    for text, length in ((SEAL.spoken, 52), (SEAL.address, 26), (checksum(b"x"), 52), (base32(b"\xff\xfe"), 4)):
        assert text.isalnum()
        assert text == text.lower()
        assert len(text) == length


def test_derivation_and_cipher_are_those_of_the_standards() -> None:
    """One page, opened here by hand with the primitives alone; a change of it would break every link."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = b"kith sealed 1" + b"".join(len(part).to_bytes(4) + part for part in (b"page", b"lease", b"en", b"inner"))
    drawn = HKDF(algorithm=SHA256(), length=81, salt=b"first" * 7, info=info).derive(bytes(range(32)))
    locked = encrypt(SEAL, b"The orchid.")
    full = AESGCM(drawn[:32]).decrypt(locked[:12], locked[12:], b"kith sealed 1 " + SEAL.address.encode())
    assert full.rstrip(b"\0") == b"\0\0\0\x0bThe orchid."
    assert (SEAL.spoken, SEAL.address) == (base32(drawn[:32]), base32(drawn[64:])[:26])


def test_no_text_of_them_shows_a_key() -> None:
    shown = f"{SEALS} {SEALS!r} {SEAL} {SEAL!r}"
    assert SEAL.spoken not in shown
    assert repr(SEAL.key) not in shown
    assert bytes(range(32)).hex() not in shown


def test_nothing_heavy_is_loaded_before_something_is_sealed() -> None:
    code = "import sys, pipeline.keyring, pipeline.secret; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# who opens what

INNER = circle("inner", 0, reads=("inner", "builders", "public"))
BUILDERS = circle("builders", 1)
WEAK = circle("weak", 2, reads=("public",))
PEOPLE = [person("wei", "inner"), person("ana", "builders"), person("tom", "weak")]
BODY = "Open.\n\n::: only inner\nClosed.\n:::\n\n::: only builders\nHalf open.\n:::\n"


def keyring(*entries, circles=(INNER, BUILDERS, WEAK), people=PEOPLE, seals=SEALS) -> Keyring:
    return Keyring(house(list(entries), list(circles), list(people)), seals)


def test_there_is_one_page_for_each_class_that_somebody_belongs_to() -> None:
    doors = list(keyring(entry("a", body=BODY, langs=("en", "zh"))).doors())
    found = {(door.version.lang, door.audience) for door in doors}
    classes = ({"inner", "builders", "public"}, {"builders", "public"})
    assert found == {(lang, frozenset(names)) for lang in ("en", "zh") for names in classes}
    assert len({door.seal.address for door in doors} | {door.seal.spoken for door in doors}) == 8


def test_nobody_who_may_read_more_means_no_page() -> None:
    assert list(keyring(entry("a", body=BODY), people=[person("tom", "weak")]).doors()) == []
    assert list(keyring(entry("a", visibility="inner"), people=PEOPLE[1:]).doors()) == []


def test_what_is_public_has_no_page() -> None:
    assert list(keyring(entry("a"), entry("b", tell=("inner",))).doors()) == []


def test_names_that_do_not_matter_for_an_entry_make_no_class_of_their_own() -> None:
    one = entry("a", visibility="builders")
    (door,) = keyring(one).doors()
    ring = keyring(one)
    for reader in ({"inner", "builders", "public"}, {"builders", "public"}):
        found = ring.door(one, one.master, frozenset(reader))
        assert found is not None
        assert found.seal == door.seal


def test_a_page_is_for_what_all_its_readers_may_read() -> None:
    """So a link on it leads nowhere that one of them may not go."""
    one = entry("a", visibility="builders")
    both, ana = keyring(one), keyring(one, people=PEOPLE[1:])
    wei = keyring(one, people=PEOPLE[:1])
    assert [door.audience for door in both.doors()] == [door.audience for door in ana.doors()] == [
        frozenset({"builders", "public"})
    ]  # fmt: skip
    assert [door.audience for door in wei.doors()] == [frozenset({"inner", "builders", "public"})]
    assert [door.seal for door in wei.doors()] == [door.seal for door in ana.doors()]


def test_a_passage_in_a_narrower_entry_parts_its_readers() -> None:
    one = entry("a", visibility="builders", body="All of us.\n\n::: only inner\nThe six.\n:::\n")
    assert {door.audience for door in keyring(one).doors()} == {
        frozenset({"inner", "builders", "public"}), frozenset({"builders", "public"})
    }  # fmt: skip


def test_a_passage_for_readers_of_an_entry_never_opens_it_to_others() -> None:
    one = entry("a", visibility="inner", body="Six.\n\n::: only builders\nMore.\n:::\n")
    ring = keyring(one)
    assert ring.link(one, one.master, frozenset({"builders", "public"})) == ""
    assert ring.link(one, one.master, EVERYONE) == ""


def test_whoever_may_read_an_entry_has_its_page_even_where_all_its_words_are_for_fewer() -> None:
    one = entry("a", visibility="builders", body="::: only inner\nThe six.\n:::\n")
    assert len(list(keyring(one).doors())) == 2


def test_a_passage_with_nothing_in_it_makes_no_page() -> None:
    assert list(keyring(entry("a", body="Open.\n\n::: only inner\n\n:::\n")).doors()) == []


def test_languages_are_parted_by_their_own_passages() -> None:
    one = entry("a", langs=("en", "zh"))
    spoken = (dataclasses.replace(one.versions[0], body=BODY), one.versions[1])
    assert {door.version.lang for door in keyring(dataclasses.replace(one, versions=spoken)).doors()} == {"en"}


def test_a_broadcast_circle_has_its_page_like_a_person() -> None:
    group = circle("group", 3, kind="broadcast", reads=("builders", "public"))
    assert [door.audience for door in keyring(entry("a", body=BODY), circles=(group,), people=[]).doors()] == [
        frozenset({"builders", "public"})
    ]


def test_an_edit_keeps_the_link_and_a_new_generation_does_not() -> None:
    reader = frozenset({"inner", "builders", "public"})
    before, after = entry("a", body=BODY), entry("a", body=BODY + "\nMore.\n")
    link = keyring(before).link(before, before.master, reader)
    assert link == keyring(after).link(after, after.master, reader)
    rotated = keyring(before, seals=Seals(bytes(range(32)), b"other" * 7)).link(before, before.master, reader)
    assert not set(link.removeprefix("https://lin.example.org/s/").split("/#")) & set(
        rotated.removeprefix("https://lin.example.org/s/").split("/#")
    )


@quick
@given(st.frozensets(st.sampled_from(["inner", "builders", "public", "weak"])))
def test_a_link_leads_only_to_what_its_reader_may_read(names: frozenset[str]) -> None:
    one, two = entry("a", body=BODY), entry("b", visibility="inner", body=BODY)
    ring = keyring(one, two)
    for each in (one, two):
        door = ring.door(each, each.master, names | EVERYONE)
        assert door is None or door.audience <= names | EVERYONE
