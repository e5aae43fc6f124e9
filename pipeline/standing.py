"""What a person or the author decides between publishes: choices, verdicts, and recording all as told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from pipeline.custody import known_secret
from pipeline.errors import KithError, Unrecorded
from pipeline.events import Event, events_of, read_payload, verify
from pipeline.ledger import Ledger
from pipeline.likeness import digest
from pipeline.model import Cadence, House, Person, State
from pipeline.opened import Opened, open_house, open_people
from pipeline.outgoing import Delivery, DeliveryState
from pipeline.plan import standing
from pipeline.planned import Choice, History
from pipeline.records import BY_HAND
from pipeline.report import counted, unclear_lines
from pipeline.rules import Rulings
from pipeline.secret import Secret, private_folder, read_secret
from pipeline.validate import LANGUAGE, did_you_mean


def who_is(house: House, name: str, secret: Secret | None = None) -> str:
    """The id of the person (or ``circle:NAME``) that was meant; a reader's token serves where ``secret`` is given."""
    people = [person.id for person in house.people]
    pasted = [f"circle:{circle.name}" for circle in house.circles if circle.broadcast]
    if name in people or name in pasted:
        return name
    if f"circle:{name}" in pasted:
        return f"circle:{name}"
    for person in house.people:
        if (secret and secret.token(person.id) == name) or (person.address and person.address.lower() == name.lower()):
            return person.id
    raise KithError(f"subscribers.yml: there is nobody called `{name}`. {did_you_mean(name, people + pasted)}")


def stance(house: House, history: History, who: str) -> list[tuple[str, str]]:
    """How somebody stands: state, circles, pace and languages, each with where it comes from."""
    if who.startswith("circle:"):
        circle = house.circle(who.removeprefix("circle:"))
        return [("kind", "a broadcast circle: a text to paste"), ("pace", circle.cadence)]
    person = next(person for person in house.people if person.id == who)
    choice = history.choices.get(who, Choice())
    circles = house.circles_of(person)
    state = standing(person, choice)
    asked = " (they asked for it)"
    cadence, source = (choice.cadence, asked) if choice.cadence else (person.cadence, " (theirs, in subscribers.yml)")
    if cadence is None:
        source = f" (from `{circles[0].name}`)" if circles else ""
        cadence = circles[0].cadence if circles else Cadence.NEVER
    languages = choice.languages or person.languages
    last = history.letters.get(who, ())
    line = history.lines.get(who)
    return [
        ("state", f"{state}{asked if choice.state is state and person.state is not state else ''}"),
        ("circles", ", ".join(circle.name for circle in circles) or "none"),
        ("pace", f"{cadence}{source}"),
        ("languages", ", ".join(languages) + (asked if choice.languages else "")),
        ("letters", f"{len(last)}, the last on {last[-1]:%Y-%m-%d}" if last else "none yet"),
        *([("note", f"“{line.text}” stands on top of their next letter")] if line else []),
    ]


def choose(
    root: Path, environ: Mapping[str, str], name: str, state: str, cadence: str, languages: str, now: datetime
) -> list[str]:
    """Records what a reader asked for and says how they stand now."""
    asked = {key: value for key, value in (("state", state), ("cadence", cadence)) if value}
    if cadence and cadence not in set(Cadence):
        raise KithError(f"`{cadence}` is not a cadence. {did_you_mean(cadence, list(Cadence))}")
    if languages:
        asked["languages"] = " ".join(languages.replace(",", " ").split())
        for tag in asked["languages"].split():
            if not LANGUAGE.fullmatch(tag):
                raise KithError(f"`{tag}` is not a language tag. Write one such as `en`, `zh` or `pt-BR`.")
    if not asked:
        raise KithError("Say what they asked for: --leave, --pause, --resume, --cadence or --languages.")
    with Ledger.open(private_folder(root), now) as ledger:
        opened = open_people(root, environ, now, ledger)
        who = meant(opened, name)
        person = next((person for person in opened.house.people if person.id == who), None)
        if person is None:
            raise KithError(f"`{name}` is a broadcast circle: change it in subscribers.yml.")
        if state in ("resume", "return"):
            # Whether they may come back stands in that file, too.
            if opened.faults:
                raise Unrecorded(opened.faults)
            _may_come_back(person, opened.history.choices.get(who, Choice()), state)
            if reason := opened.history.blocked.get(who):
                fact = f"subscribers.yml:{person.line}: `{person.id}` stays held: {reason}"
                raise KithError(f"{fact}. That address gets no letters for good; write another one for them there.")
            asked["state"] = State.SUBSCRIBED
        ledger.choose(who, asked, now)
        after = open_people(root, environ, now, ledger)
        return [who, *(f"  {key:<10}{value}" for key, value in stance(after.house, after.history, who))]


def meant(opened: Opened, name: str) -> str:
    """`who_is`, for people who were read without texts; where the file is broken, what is wrong with it is said."""
    try:
        return who_is(opened.house, name, opened.secret)
    except KithError:
        if opened.faults:
            raise Unrecorded(opened.faults) from None
        raise


def _may_come_back(person: Person, choice: Choice, way: str) -> None:
    """Raises unless there is something to come back from; nobody is revived by a slip."""
    place = f"subscribers.yml:{person.line}: `{person.id}`"
    if person.state not in (State.SUBSCRIBED, State.PAUSED):
        raise KithError(f"{place} is {person.state} there. Write `state: subscribed` and their consent there first.")
    left = choice.state is State.UNSUBSCRIBED
    if way == "resume" and left:
        raise KithError(f"{place} left. If they asked for letters again, say so with --return.")
    if way == "return" and not left:
        raise KithError(f"{place} never left. For somebody back from a pause there is --resume.")


def settle(root: Path, delivery: str, taken: bool, now: datetime) -> list[str]:
    """Records a person's verdict on an uncertain or refused delivery; ``delivery`` may be shortened.

    ``all`` is every uncertain one, ``refused`` every one whose address was refused and gets nothing since.
    """
    with Ledger.open(private_folder(root), now) as ledger:
        if delivery in ("all", "uncertain"):
            return _settle_all(ledger, ledger.deliveries(DeliveryState.UNCERTAIN), taken, now, "uncertain")
        if delivery == "refused":
            if taken:
                raise KithError("What the provider refused was not taken. Say `kith settle refused not-taken`.")
            return _settle_all(ledger, _refused(ledger), taken, now, "refused")
        found = [one for one in ledger.deliveries() if one.id.startswith(delivery)]
        if len(found) != 1:
            fact = "there is no such delivery" if not found else "several deliveries begin with that"
            raise KithError(f"`{delivery}`: {fact}. `kith report` lists those that need a person.")
        (one,) = found
        by_hand = one.reason.startswith(BY_HAND)
        if one.state not in (DeliveryState.UNCERTAIN, DeliveryState.REFUSED) and not by_hand:
            raise KithError(f"`{one.id}` to {one.who} is {one.state}: there is nothing to settle.")
        if one.state is DeliveryState.REFUSED and taken and not by_hand:
            raise KithError(f"`{one.id}` to {one.who} was refused by the provider, so it was not taken.")
        ledger.settle(one.id, taken, now)
        after = "counts as submitted" if taken else "its entries are told again with the next publish"
        return [f"{one.who}: {one.subject} · {after}"]


def _refused(ledger: Ledger) -> list[Delivery]:
    return [one for one in ledger.deliveries(DeliveryState.REFUSED) if not one.reason.startswith(BY_HAND)]


def _settle_all(ledger: Ledger, found: list[Delivery], taken: bool, now: datetime, state: str) -> list[str]:
    """One verdict on everything in one state, as after a power cut, or a provider that refused everybody."""
    if not found:
        raise KithError(f"Nothing is {state}.")
    for one in found:
        ledger.settle(one.id, taken, now)
    after = "submitted" if taken else "not taken, so told again with the next publish"
    return [*(f"{one.who}: {one.subject}" for one in found), f"{counted(len(found), 'letter')}: {after}"]


def take_events(
    root: Path, environ: Mapping[str, str], payloads: Iterable[tuple[str, bytes]], now: datetime
) -> tuple[list[str], list[str]]:
    """Takes in payloads of the provider's event webhook: (name, bytes); what was taken in, and what could not be.

    Raises `KithError` when none could be.
    """
    with Ledger.open(private_folder(root), now) as ledger:
        opened = open_people(root, environ, now, ledger)
        secret = opened.secret or known_secret(root, ledger, mine=True)
        key = opened.house.settings.sendgrid.events_from
        found, bad = _read_events(payloads, key)
        before = ledger.counts()
        fresh = ledger.ingest([(event, secret.mark(event.address)) for event in found], now)
        after = ledger.counts()
    changed = {state: after.get(state, 0) - before.get(state, 0) for state in sorted(before.keys() | after.keys())}
    lines = [f"{len(found):,} events, {fresh:,} of them new"]
    return lines + [f"  {number:+,} {state}" for state, number in changed.items() if number], bad


def _read_events(payloads: Iterable[tuple[str, bytes]], key: str) -> tuple[list[Event], list[str]]:
    """The events of all payloads that can be believed, and what is wrong with the others."""
    found: list[Event] = []
    good, bad = 0, []
    for name, data in payloads:
        try:
            body, headers = read_payload(data, name)
            if key:
                verify(body, headers, key, name)
            found += events_of(body, name)
            good += 1
        except KithError as error:
            bad.append(str(error))
    if bad and not good:
        raise KithError("\n".join(bad))
    return found, bad


def baseline(root: Path, environ: Mapping[str, str], now: datetime) -> list[str]:
    """Records every entry as told to everyone who would be told it; makes a new ledger where one was lost."""
    with Ledger.open(private_folder(root), now, older=True) as ledger:
        read_secret(root)
        opened = open_house(root, environ, now, ledger, told=False)
        house = opened.house.settled
        rulings = Rulings(house)
        told = {person.id: list(rulings.of(person)) for person in house.people}
        joined = {person.id: person.circles for person in house.people if person.circles}
        for circle in house.circles:
            if circle.broadcast:
                told[f"circle:{circle.name}"] = list(rulings.among((circle,), frozenset(), frozenset()))
                joined[f"circle:{circle.name}"] = (circle.name,)
        ledger.baseline(told, [entry.id for entry in house.entries], joined, now, opened.identities)
    people = len([who for who in told if not who.startswith("circle:")])
    entries = "1 entry is" if len(house.entries) == 1 else f"{len(house.entries):,} entries are"
    said = f"{entries} recorded as told to {counted(people, 'person', 'people')}. Nobody was told."
    return [said, *unclear_lines(house.unclear)]


def identify(root: Path, environ: Mapping[str, str], name: str, same_as: str, now: datetime) -> list[str]:
    """Notes what a person says of an entry that may be another one renamed: that one's id, or ``""`` when it is new."""
    with Ledger.open(private_folder(root), now) as ledger:
        opened = open_house(root, environ, now, ledger, told=False)
        unclear = {key: one for one in opened.house.unclear for key in (one.path, one.entry, one.name)}
        if name not in unclear:
            raise KithError(f"`{name}`: nobody asked what it is. {did_you_mean(name, unclear, 'See `kith plan`.')}")
        one = unclear[name]
        memory = ledger.memory()
        if same_as and same_as not in memory.known:
            raise KithError(f"`{same_as}`: there was never such an entry. {did_you_mean(same_as, one.olds)}")
        holder = next((own for own in opened.house.entries if own.id == same_as), None)
        kept = holder and any(same_as in memory.owners.get(digest(own.body), ()) for own in holder.versions)
        if holder and kept and memory.names.get(("file", one.name), one.name) != same_as:
            fact = f"`{same_as}` is {holder.master.path}"
            raise KithError(f"{fact}. To make one entry of both, give their files the same name; else say --new.")
        ledger.identify(one.name, same_as or one.entry)
    if not same_as:
        return [f"{one.path} is new: it goes out with the next `kith publish`."]
    return [f"{one.path} is `{same_as}`: whoever got that does not get it again."]
