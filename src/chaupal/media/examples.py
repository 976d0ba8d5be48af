"""Examples of the media calls for the OpenAPI document."""

from __future__ import annotations

from chaupal.openapi.examples import Example, Examples
from chaupal.openapi.places import MEDIA_RESOURCE

_RECEIPT = {"mediaResource": MEDIA_RESOURCE}
_LINKS = "https://chat.example.org/media/files"
_PHOTO = {
    "mediaUrl": f"{_LINKS}/AQEaIBu0cnlwdGVkLWxpbms.jpg",
    "mediaFileName": "पावती २४ नोव्हेंबर.jpg",
    "contentType": "image/jpeg",
    "sizeBytes": 482113,
    "thumbnailUrl": f"{_LINKS}/AQEaIBu0cnlwdGVkLWxpbms.jpg?size=thumbnail",
    "widthPx": 1600,
    "heightPx": 1200,
}
_MANUAL = {
    "mediaUrl": f"{_LINKS}/AQEaIBu0cnlwdGVkLWxpbmt.pdf",
    "mediaFileName": "دليل الصيانة.pdf",
    "contentType": "application/pdf",
    "sizeBytes": 91827,
}

EXAMPLES: Examples = {
    "POST /media": (Example("A file, or several as an album", reply=_RECEIPT),),
    "POST /media/url": (
        Example(
            "A picture elsewhere", body={"mediaUrl": "https://example.org/photos/receipt-0017.jpg"}, reply=_RECEIPT
        ),
    ),
    "GET /media/{mediaResource}": (
        Example(
            "A picture",
            reply={
                **_PHOTO,
                "mediaResource": MEDIA_RESOURCE,
                "mediaType": "Image",
                "createdAt": "2026-11-24T05:14:36.885Z",
                "media": [_PHOTO],
            },
        ),
        Example(
            "A document",
            reply={
                **_MANUAL,
                "mediaResource": MEDIA_RESOURCE,
                "mediaType": "Document",
                "createdAt": "2026-11-24T05:14:36.885Z",
                "media": [_MANUAL],
            },
        ),
    ),
    "GET /media/files/{fileName}": (Example("A small picture", query={"size": "thumbnail"}),),
    "HEAD /media/files/{fileName}": (Example("How large the file is"),),
}
