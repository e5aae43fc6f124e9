"""The `kith` command: knows which room each command stands in, and loads only the one that was typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from pipeline.commands.base import Session

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
    ("init new check templates note", _writing),
    ("plan serve preview build", _looking),
    ("deploy deliver publish", _publishing),
    ("report explain settle events choice baseline rotate", _afterwards),
)
"""The commands in the order in which a person meets them, and where they stand."""

_ROOM = {name: room for names, room in _ROOMS for name in names.split()}


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
@click.option("--house", "house", type=click.Path(file_okay=False, path_type=Path), default=Path(), show_default=True,
              help="The folder of the house.")  # fmt: skip
@click.version_option(package_name="kith", prog_name="kith")
@click.pass_context
def kith(ctx: click.Context, house: Path) -> None:
    """Publish once; each circle hears what is meant for it, in its own language, at its own pace.

    Posts and updates in content/ and the people in subscribers.yml become a site, feeds and letters.
    """
    import os

    if ctx.obj is None:
        ctx.obj = Session(house.resolve(), dict(os.environ))
    elif house != Path():
        ctx.obj.root = house.resolve()
