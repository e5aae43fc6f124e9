"""Says in words what is planned and what became of it. Pure: values in, text out."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from pipeline.errors import Problem
from pipeline.model import Circle, House, Person, Unclear
from pipeline.outgoing import Delivery, DeliveryState
from pipeline.planned import Held, Plan, Verdict

if TYPE_CHECKING:
    from pipeline.explain import Rule

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def counted(number: int, one: str, many: str = "") -> str:
    """``1 person``, ``2 people``: a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def day(when: date) -> str:
    """``Mon 23 Nov``."""
    return f"{_DAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]}"


def dated(when: date) -> str:
    """``Mon 23 Nov 2026``, for what may be a year away."""
    return f"{day(when)} {when.year}"


def read_line(house: House) -> str:
    """What was read."""
    from pipeline.model import Kind

    kinds = Counter(entry.kind for entry in house.entries)
    parts = [
        counted(kinds[Kind.POST], "post"),
        counted(kinds[Kind.UPDATE], "update"),
        counted(len(house.pages), "page"),
    ]
    people = f"{counted(len(house.circles), 'circle')}, {counted(len(house.people), 'person', 'people')}"
    waiting = f" · {counted(len(house.waiting), 'entry', 'entries')} not out yet" if house.waiting else ""
    return labelled("Read", f"{', '.join(parts)} · {people}{waiting}")


def labelled(label: str, text: str) -> str:
    return f"{label:<10}{text}"


def site_lines(
    changed: int, kept: int, index: str, feeds_changed: int, feeds: int, sealed: int = 0, anew: int = 0
) -> list[str]:
    """What changed of the site and the feeds; how many sealed pages there are, and are made ``anew``."""
    pages = f"{counted(changed, 'page')} changed, {kept:,} kept" if changed else f"nothing changed, {kept:,} kept"
    pages += f" · {sealed:,} sealed" if sealed else ""
    if anew and not changed:
        pages = f"{counted(kept, 'page')} kept · {anew:,} of {sealed:,} sealed anew"
    fed = f"{feeds_changed:,} of {feeds:,} changed" if feeds_changed else f"nothing changed, {feeds:,} kept"
    return [f"{labelled('Site', pages):<48} {index}", labelled("Feeds", fed)]


def letter_lines(house: House, plan: Plan) -> list[str]:
    """For each circle, closest first: who gets a letter now, and who is held and why."""
    home = _homes(house)
    width = max((len(circle.name) for circle in house.circles), default=0)
    lines: list[str] = []
    for circle in house.circles:
        rows = _broadcast(circle, plan) if circle.broadcast else _people(circle, plan, home)
        count = "" if circle.broadcast else counted(len(home.get(circle.name, ())), "person", "people")
        for number, row in enumerate(rows or ["nobody to tell"]):
            head = f"{circle.name:<{width}}  {count:>10}" if number == 0 else " " * (width + 12)
            lines.append(labelled("Letters" if not lines else "", f"{head}   {row}".rstrip()))
    return lines or [labelled("Letters", "there is no circle yet: see subscribers.yml")]


def _homes(house: House) -> dict[str, list[Person]]:
    """People by the closest of their circles, which sets their pace."""
    homes: dict[str, list[Person]] = {}
    for person in house.people:
        circles = house.circles_of(person)
        if circles:
            homes.setdefault(circles[0].name, []).append(person)
    return homes


def _people(circle: Circle, plan: Plan, home: dict[str, list[Person]]) -> list[str]:
    inside = {person.id for person in home.get(circle.name, ())}
    languages = Counter(letter.language for letter in plan.letters if letter.circle == circle.name)
    rows: list[str] = []
    if languages:
        spread = " · ".join(f"{language} {number}" for language, number in languages.most_common())
        rows.append(f"{languages.total()} now: {spread}")
    reasons = Counter((held.reason, held.until) for held in plan.held if held.who in inside)
    for (reason, until), number in sorted(reasons.items(), key=lambda pair: (pair[0][1] or date.max, -pair[1])):
        rows.append(_held(number, reason, until))
    return rows


def _held(number: int, reason: str, until: date | None) -> str:
    if until is None:
        return f"{number} held: {reason}"
    if "digest" in reason:
        return f"{number} {'waits' if number == 1 else 'wait'} for the {reason}, {dated(until)}"
    return f"{number} held: {reason}, until {dated(until)}"


def _broadcast(circle: Circle, plan: Plan) -> list[str]:
    reach = f" for {counted(circle.reach, 'reader')}" if circle.reach else ""
    rows = [
        f"text to paste{reach}: build/paste/{paste.file_name}" for paste in plan.pastes if paste.circle == circle.name
    ]
    rows += [
        f"next {held.reason}, {dated(held.until)}"
        for held in plan.held
        if held.who == f"circle:{circle.name}" and held.until
    ]
    return list(dict.fromkeys(rows))


def baseline_line(plan: Plan) -> list[str]:
    """How many older entries are recorded as told, so that nobody is flooded."""
    if not plan.baseline:
        return []
    entries = set[str]().union(*(told for _, told in plan.baseline))
    people = counted(len(plan.baseline), "newcomer")
    return [labelled("", f"{counted(len(entries), 'older entry', 'older entries')} recorded as told for {people}")]


def unclear_lines(unclear: Iterable[Unclear]) -> list[str]:
    """What may be an entry under another name: a person must say, before anybody gets it."""
    lines: list[str] = []
    for one in unclear:
        olds = " or ".join(f"`{old}`" for old in one.olds)
        entry = not one.name.startswith("opening ")
        lines += [
            labelled("Unclear", f"{one.path} may be {olds} under another name. Nobody gets it before you say so:"),
            labelled(
                "",
                f"`kith identify {one.path} --same-as {shlex.quote(one.olds[0])}`"
                + (f" or `id: {one.olds[0]}` in its front matter," if entry else ""),
            ),
            labelled("", f"`kith identify {one.path} --new` if it is new."),
        ]
    return lines


def note_lines(plan: Plan) -> list[str]:
    """The personal lines that go now, each with whom it is for."""
    noted = [(one.person.id, one.line.text) for one in plan.letters if one.line]
    width = max((len(who) for who, _ in noted), default=0)
    return [labelled("" if number else "Notes", f"{who:<{width}}  {text}") for number, (who, text) in enumerate(noted)]


def privacy_line(narrow: int, outputs: int) -> list[str]:
    """What the leak check looked for and where."""
    if not narrow:
        return [labelled("Privacy", "there is nothing that only some may read")]
    texts = counted(narrow, "narrower text")
    return [labelled("Privacy", f"{texts} checked against {counted(outputs, 'output')}: in no wider one")]


def fault_lines(problems: Sequence[Problem]) -> list[str]:
    """What is wrong with the feeds and letters that were made, each with its place; nothing is kept back for it."""
    return [labelled("" if number else "Faults", str(problem)) for number, problem in enumerate(problems)]


def pictures_line(pictures: int, freed: int, located: int) -> list[str]:
    """How many pictures said more than they show, and how many of them where they were taken."""
    if not pictures:
        return []
    places = f", {located:,} of them of a place" if located else ""
    said = f"{freed:,} freed of metadata{places}" if freed else "none held metadata"
    return [labelled("Pictures", f"{pictures:,} in the texts: {said}")]


def left_lines(left: Sequence[Delivery]) -> list[str]:
    """Letters that an earlier run froze and did not submit."""
    return [labelled("", f"{counted(len(left), 'letter')} left from before, still to go")] if left else []


def leaving_line(new: int, left: int, transport: str) -> str:
    """What the question is about: how many letters, and how many of them were composed in an earlier run."""
    number = counted(new + left, "letter")
    parts = f" ({new:,} new, {left:,} left from before)" if new and left else " left from before" if left else ""
    return f"deliver {number}{parts} with {transport}"


def changed_lines(waiting: Sequence[Delivery], why: Mapping[str, str]) -> list[str]:
    """Pending letters of which something changed since they were composed, and what."""
    number = f"{counted(len(waiting), 'letter')} left from before: something changed since"
    reasons = Counter(why[one.id] for one in waiting).most_common()
    return [labelled("Changed", number), *(labelled("", f"{count:,} × {reason}") for reason, count in reasons)]


def tally_line(submitted: int, refused: int, uncertain: int, held: int, pending: int) -> str:
    """What one run did."""
    parts = [f"{submitted:,} submitted", f"{refused:,} refused", f"{uncertain:,} uncertain"]
    parts += [f"{held:,} held"] if held else []
    parts += [f"{pending:,} pending"] if pending else []
    return " · ".join(parts)


def blocked_lines(people: int) -> list[str]:
    """Those whom the provider refused in earlier runs: they get nothing, and nobody would notice."""
    if not people:
        return []
    who = f"{counted(people, 'person', 'people')} whose letters were refused before"
    return [f"{who} get{'s' * (people == 1)} none until you decide: kith report, kith settle refused not-taken"]


def unsettled(deliveries: Iterable[Delivery], blocked: Container[str]) -> list[Delivery]:
    """Deliveries that wait for a person: for a verdict, or for the address of somebody ``blocked``."""
    return [
        one
        for one in deliveries
        if one.state is DeliveryState.UNCERTAIN or (one.state is DeliveryState.REFUSED and one.who in blocked)
    ]


def report_lines(counts: Mapping[str, int], deliveries: Iterable[Delivery], held: Iterable[Held]) -> list[str]:
    """What was submitted, what needs a person, and who is held."""
    if not counts:
        lines = ["Nothing was submitted yet."]
    else:
        order = [state.value for state in DeliveryState]
        lines = [" · ".join(f"{counts[state]:,} {state}" for state in order if counts.get(state))]
    need = list(deliveries)
    for state, hint in (
        (DeliveryState.UNCERTAIN, "kith settle ID taken|not-taken"),
        (
            DeliveryState.PENDING,
            "they go with the next `kith publish` or `kith deliver`; `kith withdraw` takes them back",
        ),
        (DeliveryState.REFUSED, "correct the address; to try again: kith settle ID not-taken, or refused for all"),
    ):
        rows = [one for one in need if one.state is state and not one.reason.startswith("settled")]
        if rows:
            lines += ["", f"{state.value.capitalize()}: {hint}"]
            lines += [f"  {one.id}  {one.who:<16} {one.subject[:40]:<40}  {one.reason}" for one in rows]
    waiting = list(held)
    if waiting:
        lines += ["", "Held now"]
        for (reason, until), number in Counter((one.reason, one.until) for one in waiting).most_common():
            lines.append(f"  {number:>5}  {reason}{f', until {dated(until)}' if until else ''}")
    return lines


def unread_lines(problems: Sequence[str]) -> list[str]:
    """What a report leaves out because the project cannot be read."""
    if not problems:
        return []
    others = f", and {counted(len(problems) - 1, 'more problem')}" if len(problems) > 1 else ""
    return [
        "",
        "Who is held now is not known: the project cannot be read. `kith check` says why:",
        f"  {problems[0]}{others}",
    ]


def withdraw_lines(found: Sequence[Delivery], others: int) -> list[str]:
    """The emails that would be taken back, and how many are left alone."""
    lines = [f"  {one.id}  {one.issue:<28} {one.who:<16} {one.subject[:40]}" for one in found]
    kept = f"{counted(others, 'other')} may have been submitted, and {'is' if others == 1 else 'are'} left alone."
    return [*lines, *([kept] if others else [])]


def explain_lines(
    who: str,
    standing: list[tuple[str, str]],
    verdicts: Sequence[Verdict],
    rules: Callable[[str], Sequence[Rule]],
    most: int,
) -> list[str]:
    """Why, and why not, one person is told each entry, when, and which passages they read by which rule.

    ``rules``: the rules of an entry; where only one is asked about, in every language of it.
    """
    lines = [who] + [f"  {key:<10}{value}" for key, value in standing] + [""]
    width = min(48, max((len(verdict.entry) for verdict in verdicts[:most]), default=0))
    for verdict in verdicts[:most]:
        when = f", {dated(verdict.until)}" if verdict.until else ""
        lines.append(f"  {'→' if verdict.told else '·'} {verdict.entry:<{width}}  {verdict.reason}{when}")
        whole, *passages = rules(verdict.entry)
        shown = [one for one in passages if one.theirs or len(verdicts) == 1]
        if len(verdicts) == 1:
            shown.insert(0, whole)
        lines += [f"      {one.place}  {'reads it' if one.may else 'does not read it'}: {one.reason}" for one in shown]
    if len(verdicts) > most:
        lines.append(
            f"  … and {counted(len(verdicts) - most, 'older entry', 'older entries')}: name one to ask about it"
        )
    return lines


def rule_data(rules: Sequence[Rule]) -> dict[str, object]:
    """An entry's rules as plain data: who may read it and why, and each of its passages."""
    whole, *passages = rules
    rows = [
        {"path": one.path, "lines": [one.first, one.last], "reads": one.may, "rule": one.reason} for one in passages
    ]
    return {"reads": whole.may, "rule": whole.reason, "passages": rows}


def problem_lines(problems: Sequence[Problem], after: str) -> list[str]:
    """Every problem on a line of its own, their number, and what did not happen because of them."""
    return [str(problem) for problem in problems] + [
        "",
        f"{counted(len(problems), 'problem')}. {after}",
    ]


def plan_data(house: House, plan: Plan) -> dict[str, object]:
    """The plan as plain data, for ``--json``; people by id, never by address."""
    return {
        "now": plan.now.isoformat(),
        "letters": [
            {
                "person": letter.person.id,
                "circle": letter.circle,
                "language": letter.language,
                "digest": letter.digest,
                "entries": [
                    {"id": one.entry.id, "language": one.version.lang, "fallback": one.fallback}
                    for one in letter.entries
                ],
                "opening": letter.opening.version.path if letter.opening else None,
                "also": [one.entry.id for one in letter.also],
                "more": letter.more,
                "note": letter.line.text if letter.line else None,
            }
            for letter in plan.letters
        ],
        "pastes": [
            {"circle": paste.circle, "channel": paste.channel, "language": paste.language,
             "file": f"build/paste/{paste.file_name}", "entries": [one.entry.id for one in paste.entries]}
            for paste in plan.pastes
        ],
        "held": [
            {"who": held.who, "reason": held.reason, "until": held.until.isoformat() if held.until else None,
             "entries": list(held.entries)}
            for held in plan.held
        ],
        "recorded_as_told": [{"who": who, "entries": list(entries)} for who, entries in plan.baseline],
        "unclear": [{"entry": one.entry, "path": one.path, "may_be": list(one.olds)} for one in house.unclear],
        "not_out_yet": [entry.id for entry in house.waiting],
    }  # fmt: skip
