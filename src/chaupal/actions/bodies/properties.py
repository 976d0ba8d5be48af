"""Properties of package instances, as clients send them: their types by name or number, their values as text.

Evidence: Microsoft's own flows send `Properties`, `Name`, `Type` 0 and `Value`, which may be a list of rows.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from chaupal.actions.bodies.places import PostedPlace, read_place
from chaupal.actions.drafts import ANY_MEDIA, MediaUse, Property
from chaupal.actions.limits import NAME_MAX_CHARS, PROPERTIES_MAX, PROPERTY_MAX_CHARS, check_count, checked_text
from chaupal.errors import InvalidParameters
from chaupal.wire.bodies import read_part
from chaupal.wire.bounds import Bounds
from chaupal.wire.values import read_instant, read_number

_TYPES = ("Text", "Numeric", "Location", "DateTime", "StringList", "Attachment", "StringSet", "AttachmentList")
"""In the order of the numbers that forms have for them."""
_BY_WORD = {
    **{str(number): name for number, name in enumerate(_TYPES)},
    **{name.casefold(): name for name in _TYPES},
    "array": "StringList",
    "set": "StringSet",
}
_LISTS = ("StringList", "StringSet", "AttachmentList")


class PostedProperty(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A property. Without a type it is Text."""

    bounds: ClassVar[dict[str, Bounds]] = {
        "name": {"minLength": 1, "maxLength": NAME_MAX_CHARS},
        "type": {"enum": list(_TYPES)},
    }

    name: str
    type: str | None = None
    value: Any = None


def read_properties(field: str, posted: list[PostedProperty]) -> tuple[tuple[Property, ...], list[MediaUse]]:
    """Properties with different names, and the media that they hold.

    Raises:
        InvalidParameters: naming the property by its index.
    """
    check_count(field, posted, least=0, most=PROPERTIES_MAX)
    media: list[MediaUse] = []
    read = tuple(_read_property(f"{field}[{index}]", each, media) for index, each in enumerate(posted))
    names = [each.name for each in read]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InvalidParameters(field=f"{field}[{index}].name", value=name, rule="must differ from the others")
    return read, media


def _read_property(at: str, posted: PostedProperty, media: list[MediaUse]) -> Property:
    if not posted.name:
        raise InvalidParameters(field=f"{at}.name", value="", rule="must not be empty")
    name = checked_text(f"{at}.name", posted.name, NAME_MAX_CHARS)
    property_type = _BY_WORD.get((posted.type or "Text").strip().casefold())
    if property_type is None:
        rule = f"must be one of {', '.join(_TYPES)}"
        raise InvalidParameters(field=f"{at}.type", value=posted.type, rule=rule)
    value = _value_of(f"{at}.value", property_type, posted.value, media)
    return Property(name, property_type, checked_text(f"{at}.value", value, PROPERTY_MAX_CHARS))


def _value_of(at: str, property_type: str, raw: object, media: list[MediaUse]) -> str:
    """The value as text. An empty one is always possible: it is how a value is taken away."""
    text = _as_text(raw)
    if not text:
        return ""
    try:
        if property_type == "Numeric":
            read_number(text)
        elif property_type == "DateTime":
            read_instant(text)
    except ValueError as error:
        raise InvalidParameters(field=at, value=text, rule=str(error)) from None
    if property_type == "Location":
        place = read_part(_parsed(text), PostedPlace, at)
        return msgspec.json.encode(read_place(place, at, may_be_named_only=True)).decode()
    if property_type in _LISTS:
        items = [_as_text(item) for item in _listed(text)]
        if property_type == "AttachmentList":
            media += [MediaUse(f"{at}[{index}]", item, ANY_MEDIA) for index, item in enumerate(items)]
        return msgspec.json.encode(list(dict.fromkeys(items)) if property_type == "StringSet" else items).decode()
    if property_type == "Attachment":
        media.append(MediaUse(at, text, ANY_MEDIA))
    return text


def _as_text(raw: object) -> str:
    if raw is None:
        return ""
    return raw if isinstance(raw, str) else msgspec.json.encode(raw).decode()


def _parsed(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return text


def _listed(text: str) -> list[object]:
    """A list as JSON, or one value, or several with commas between them (contract, section 2)."""
    parsed = _parsed(text)
    if isinstance(parsed, list):
        return parsed
    return [part for part in (part.strip() for part in text.split(",")) if part]
