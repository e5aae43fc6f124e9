"""What a reading of ``subscribers.yml`` gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.errors import Problem
from pipeline.model import Circle, Person


@dataclass(slots=True)
class Register:
    """What a reading of ``subscribers.yml`` gave; ``known`` is false when the circles could not be made out.

    ``doubtful`` are circles whose own lines are wrong, so that what they read is not known; ``written`` is where
    each person's address stands: itself, or a name for it.
    """

    circles: list[Circle] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    doubtful: set[str] = field(default_factory=set)
    known: bool = False
    written: dict[str, str] = field(default_factory=dict)
