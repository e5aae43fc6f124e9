"""The `kith` command: knows which room each command stands in, and loads only the one that was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click

from pipeline.commands.base import Session
from pipeline.outputs import refuse_links

Commands = tuple[click.Command, ...]


def _writing() -> Commands:
    from pipeline.commands.writing import COMMANDS

    return COMMANDS


def _looking() -> Commands:
    from pipeline.commands.looking import COMMANDS

    return COMMANDS


def _publishing() -> Commands:
    from pipeline.commands.publishing import COMMANDS

    return COMMANDS


def _afterwards() -> Commands:
    from pipeline.commands.afterwards import COMMANDS

    return COMMANDS


_ROOMS: tuple[tuple[str, Callable[[], Commands]], ...] = (
    ("init new check templates schema note", _writing),
    ("plan serve preview build", _looking),
    ("deploy deliver publish", _publishing),
    ("report explain settle withdraw events choice baseline identify rotate", _afterwards),
)
"""The commands in the order in which a person meets them, and where they stand."""

_ROOM = {name: room for names, room in _ROOMS for name in names.split()}


_SETTINGS = re.compile(r"^\s*\[\s*tool\s*\.\s*kith\s*[.\]]", re.MULTILINE)


class Ordered(click.Group):
    """Lists commands in the order in which a person meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in that order."""
        return [name for name in _ROOM if self.get_command(ctx, name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; for a name that nobody knows all are loaded, to suggest one."""
        if cmd_name not in self.commands:
            for room in [_ROOM[cmd_name]] if cmd_name in _ROOM else dict.fromkeys(_ROOM.values()):
                for command in room():
                    self.add_command(command)
        return super().get_command(ctx, cmd_name)


@click.group(cls=Ordered, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--house", "house", type=click.Path(file_okay=False, path_type=Path), default=None,
              help="The folder of the project; without it, this folder or the nearest one above.")  # fmt: skip
@click.version_option(package_name="kith", prog_name="kith")
@click.pass_context
def kith(ctx: click.Context, house: Path | None) -> None:
    """Publish once; each circle gets what is meant for it, in its own language, at its own cadence.

    Posts and updates in content/ and the people in subscribers.yml become a site, feeds and emails.
    """
    import os

    if ctx.obj is None:
        here = Path.cwd()
        ctx.obj = Session(house.resolve() if house else project_root(here), dict(os.environ))
        if not house:
            ctx.obj.here = here
    elif house is not None:
        ctx.obj.root = house.resolve()
    if ctx.invoked_subcommand != "init":
        refuse_links(ctx.obj.root)


def project_root(here: Path) -> Path:
    """The folder of the project that ``here`` is in: this one, or the nearest above it.

    A project has `subscribers.yml`, or `[tool.kith]` in its `pyproject.toml`. Where there is none, ``here``: the
    commands say themselves that it is no project.
    """
    for folder in (here, *here.parents):
        if (folder / "subscribers.yml").exists() or _has_settings(folder / "pyproject.toml"):
            return folder
    return here


def _has_settings(path: Path) -> bool:
    try:
        return path.is_file() and _SETTINGS.search(path.read_text("utf-8", "replace")) is not None
    except OSError:
        return False
