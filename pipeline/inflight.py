"""A letter that is made ready before its turn, and the connection over which it is on its way."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.outgoing import Delivery, Frozen, Receipt
from pipeline.transports.base import Submitting, Transport
from pipeline.wire import Pause


@dataclass(frozen=True, slots=True)
class Ready:
    """A letter whose turn is near, its place in the queue, and what a transport made of it ahead, if it could."""

    place: int
    delivery: Delivery
    letter: Frozen
    data: bytes | None

    @property
    def to(self) -> str:
        """The address it goes to."""
        return self.letter.stub.to


def prepared(transport: Transport, letter: Frozen) -> bytes | None:
    """What `Transport.submit` will hand over; whatever is wrong with it is said when it is submitted."""
    try:
        return transport.prepare(letter)
    except Exception:  # noqa: BLE001 - made again, and judged, in its turn
        return None


class Line:
    """A connection and the letter that is on its way over it; ``proved`` once it has taken one."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.pause = Pause()
        self.proved = False
        self.ready: Ready | None = None
        self._steps: Submitting | None = None
        self._found: Receipt | BaseException | None = None

    def take(self, ready: Ready) -> None:
        """Begins to submit a letter; it is on its way until `back`."""
        self.ready, self._found = ready, None
        self._steps = self.transport.submitting(ready.letter, ready.data)
        self.go_on()

    def go_on(self) -> None:
        """As far as the next pause, or to the end."""
        try:
            self.pause = next(self._steps) if self._steps else Pause()
        except StopIteration as end:
            self._found, self.pause = end.value, Pause()
        except BaseException as error:  # noqa: BLE001 - judged with the others, when it is recorded
            self._found, self.pause = error, Pause()

    @property
    def back(self) -> bool:
        """Whether it is known what became of the letter."""
        return self._found is not None

    def result(self) -> Receipt:
        """The receipt, or what was raised in its place."""
        if isinstance(self._found, Receipt):
            return self._found
        raise self._found or TypeError("no receipt")
