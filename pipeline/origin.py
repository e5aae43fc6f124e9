"""What an email was composed from, so that it is known when something of it changes before the email leaves. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.keys import content_key, key_of
from pipeline.model import House, Version
from pipeline.planned import PlannedLetter
from pipeline.settings import Settings

_OPENING = "opening "


@dataclass(frozen=True, slots=True)
class Origin:
    """The project as emails are composed from it now; ``templates`` is the key of templates, styles and words."""

    house: House
    templates: bytes

    def of(self, planned: PlannedLetter) -> str:
        """All that an email is composed from, as one text."""
        versions = {f"{one.entry.id} {one.version.lang}": one.version for one in (*planned.entries, *planned.also)}
        if planned.opening:
            versions[f"{_OPENING}{planned.opening.version.path}"] = planned.opening.version
        texts = {name: content_key(version).hex() for name, version in versions.items()}
        return json.dumps({**self._around(), "texts": texts}, ensure_ascii=False, sort_keys=True)

    def _around(self) -> dict[str, str]:
        """What every email is composed from."""
        settings = self.house.settings
        return {"sender": _sender(settings), "settings": _settings(settings), "templates": self.templates.hex()}

    def changes(self, made: str) -> Iterator[str]:
        """What of ``made`` is no longer as it was, in words; nothing where it is not known what it was made from."""
        then = json.loads(made) if made else {}
        words = {"sender": "the sender", "settings": "[tool.kith]", "templates": "the templates"}
        now = self._around() if then else {}
        yield from (f"{words[name]} changed" for name in now if now[name] != then.get(name))
        for name, key in then.get("texts", {}).items():
            version = self._version(name)
            what = f"`{name.rpartition(' ')[0]}`" if not name.startswith(_OPENING) else name.removeprefix(_OPENING)
            if version is None:
                yield f"{what} is no longer there"
            elif content_key(version).hex() != key:
                yield f"{what} was edited"

    def _version(self, name: str) -> Version | None:
        if name.startswith(_OPENING):
            openings = (one.version for one in self.house.openings)
            return next((one for one in openings if one.path == name.removeprefix(_OPENING)), None)
        entry, _, lang = name.rpartition(" ")
        found = (one for one in self.house.entries if one.id == entry)
        return next((version for one in found for version in one.versions if version.lang == lang), None)


def _sender(settings: Settings) -> str:
    return key_of(settings.mail.sender, settings.mail.reply_to).hex()


def _settings(settings: Settings) -> str:
    """What stands in emails of the settings, beside the sender."""
    texts = sorted(settings.title.items()), sorted(settings.description.items())
    mail = settings.mail.postal, settings.mail.unsubscribe
    return key_of(texts, mail, settings.url, settings.author, settings.timezone).hex()
