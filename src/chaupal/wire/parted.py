"""Bodies with a part whose shape the other fields decide, such as `actionBody`: strict JSON is read in one pass.

Read in two, first into plain objects and then into the part's shape, a form of twenty questions costs the server a
third more: each object of it is made, and taken down, twice. What one pass cannot read is read in two, as ever, so this
changes nothing but the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from chaupal.wire.bodies import read_shape, read_strictly
from chaupal.wire.conversion import plan_of

ShapeT = TypeVar("ShapeT", bound=msgspec.Struct)


class PartedBodies(Generic[ShapeT]):
    """Reads bodies of one shape. `part` is the attribute that holds the part; what is read there is either of the shape
    that `shape_of_part` gives for the rest of the body, or as the shape itself declares: `read_part` takes both."""

    def __init__(
        self, shape: type[ShapeT], part: str, shape_of_part: Callable[[ShapeT], type[msgspec.Struct] | None]
    ) -> None:
        self._shape = shape
        self._part = part
        self._shape_of_part = shape_of_part
        self._read_rest: Callable[[bytes], ShapeT] | None = None
        self._wholes: dict[type[msgspec.Struct], type[ShapeT]] = {}

    def read(self, body: bytes, *, strict_only: bool = False) -> ShapeT:
        """Like `read_shape`."""
        part_shape = self._find_part_shape(body)
        if part_shape is not None:
            whole = self._wholes.get(part_shape)
            if whole is None:
                whole = self._wholes[part_shape] = self._with_part(part_shape | None, None)
            decoded: ShapeT | None = read_strictly(body, plan_of(whole))
            if decoded is not None:
                return decoded
        return read_shape(body, self._shape, strict_only=strict_only)

    def _find_part_shape(self, body: bytes) -> type[msgspec.Struct] | None:
        if self._read_rest is None:
            self._read_rest = msgspec.json.Decoder(self._with_part(msgspec.Raw, msgspec.Raw())).decode
        try:
            rest = self._read_rest(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return self._shape_of_part(rest)

    def _with_part(self, declared: Any, default: Any) -> type[ShapeT]:
        """The shape with another type in the part's place."""
        made: type[Any] = msgspec.defstruct(
            self._shape.__name__,
            [(self._part, declared, default)],
            bases=(self._shape,),
            module=self._shape.__module__,
            frozen=True,
            forbid_unknown_fields=True,
            kw_only=True,
        )
        return made
