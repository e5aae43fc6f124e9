"""What the house is set to, from ``[tool.kith]``: frozen values with their defaults. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from pipeline.languages import Words

_STRICT = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Mail:
    """How letters leave: ``sender`` and ``reply_to`` are mailboxes, ``unsubscribe`` an https address or empty.

    ``per_second``, ``per_domain_a_minute`` and ``per_day`` bound the pace (0: unbounded); ``timeout`` is in seconds.
    A letter that was frozen more than ``late_after`` days ago does not go without a question.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    transport: str = "outbox"
    sender: str = "Your name <you@example.org>"
    reply_to: str = ""
    postal: str = ""
    unsubscribe: str = ""
    timeout: float = 30.0
    connections: int = 1
    per_second: float = 0.0
    per_domain_a_minute: float = 0.0
    per_day: int = 0
    late_after: int = 7


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server; the password is read from the environment variable ``password_env``."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    host: str = "localhost"
    port: int = 587
    username: str = ""
    password_env: str = "KITH_SMTP_PASSWORD"  # noqa: S105 - the name of a variable, not a password
    security: str = "starttls"


@dataclass(frozen=True, slots=True)
class Sendgrid:
    """A SendGrid account; the key is read from the environment variable ``key_env``.

    ``events_from`` is the public key with which SendGrid signs its events; with it, unsigned events are refused.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    host: str = "https://api.sendgrid.com"
    key_env: str = "SENDGRID_API_KEY"
    events_from: str = ""


@dataclass(frozen=True, slots=True)
class Deploy:
    """Where the site goes: ``to`` is none, folder, branch or command.

    ``private_repository`` is the author's word that nobody else reads the repository the site goes to.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    to: str = "none"
    folder: str = ""
    remote: str = ""
    branch: str = "gh-pages"
    cname: str = ""
    command: str = ""
    private_repository: bool = False


@dataclass(frozen=True, slots=True)
class Privacy:
    """What may stand in everything that leaves: ids of people, names of circles, or names and addresses themselves."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """The house's settings, from ``[tool.kith]``."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    title: Words
    url: str
    author: str
    description: Words = field(default_factory=dict)
    languages: tuple[str, ...] = ("en",)
    timezone: str = "UTC"
    mail: Mail = Mail()
    smtp: Smtp = Smtp()
    sendgrid: Sendgrid = Sendgrid()
    deploy: Deploy = Deploy()
    privacy: Privacy = Privacy()
    feed_entries: int = 30
    hub: str = ""
    foreign_keys: tuple[str, ...] = ()

    @property
    def language(self) -> str:
        """The house's first language."""
        return self.languages[0]
