"""POST /media and GET /media/{mediaResource}. Source: contract, section 7."""

from __future__ import annotations

import base64
import io
import zlib
from typing import Any

import pytest
from PIL import Image

from tests.api.client import assert_error
from tests.api.files import (
    BOUNDARY,
    DELHI,
    DELHI_E7,
    PDF,
    SAMPLES,
    WAV,
    Part,
    exif_of,
    film,
    multipart,
    office,
    old_office,
    picture,
)
from tests.api.uploads import fetched, objects_of, resource_of, seen, temporary_files, upload
from tests.api.worlds import World

MIB = 1_048_576


class TestTypes:
    @pytest.mark.parametrize("extension", SAMPLES)
    def test_each_is_taken_and_given_back(self, world: World, extension: str) -> None:
        content, content_type, kind = SAMPLES[extension]
        found = seen(world.member, upload(world.member, Part(content, f"name.{extension}", content_type)))
        assert (found["mediaType"], found["contentType"]) == (kind, content_type)
        assert found["mediaFileName"] == f"name.{extension}"
        assert found["mediaUrl"].endswith(f".{extension}")
        answer = fetched(world, found["mediaUrl"])
        assert answer.headers["content-type"] == content_type
        assert len(answer.content) == found["sizeBytes"]
        if kind != "Image":
            assert answer.content == content

    @pytest.mark.parametrize("extension", SAMPLES)
    def test_each_is_known_without_a_type(self, world: World, extension: str) -> None:
        content, content_type, _ = SAMPLES[extension]
        for declared in ("", "application/octet-stream"):
            found = seen(world.member, upload(world.member, Part(content, f"name.{extension}", declared)))
            assert found["contentType"] == content_type

    @pytest.mark.parametrize(
        ("content", "declared", "name"),
        [
            (SAMPLES["jpg"][0], "image/jpg", "a.jpg"),
            (SAMPLES["jpg"][0], "image/png", "a.png"),
            (SAMPLES["jpg"][0], "image/gif", "a.gif"),
            (SAMPLES["jpg"][0], "IMAGE/JPEG; name=a", "a"),
            (SAMPLES["jpg"][0], "", "a.bin"),
            (SAMPLES["jpg"][0], "image/jpeg", "report.pdf"),
            (SAMPLES["jpg"][0], "application/x-www-form-urlencoded", "a.jpg"),
            (WAV, "audio/x-wav", "a.wav"),
            (SAMPLES["mp3"][0], "audio/mp3", "a.mp3"),
            (film(b"3gp4"), "audio/3gpp", "a.3gpp"),
            (film(b"mp42"), "application/mp4", "a.mp4"),
            (b"junk before" + PDF, "application/x-pdf", "a.pdf"),
            (office("word", extra=["word/vbaProject.bin"]), "application/zip", "a.docx"),
            (old_office("WordDocument"), "application/octet-stream", "a.xls"),
        ],
    )
    def test_aliases_and_other_types_of_the_same_kind(
        self, world: World, content: bytes, declared: str, name: str
    ) -> None:
        assert resource_of(upload(world.member, Part(content, name, declared)))

    @pytest.mark.parametrize(
        ("content", "declared", "name", "reason"),
        [
            (SAMPLES["jpg"][0], "application/pdf", "a.jpg", "contradicts"),
            (SAMPLES["jpg"][0], "video/mp4", "a.jpg", "contradicts"),
            (SAMPLES["jpg"][0], "text/html", "a.jpg", "contradicts"),
            (SAMPLES["jpg"][0], "", "a.pdf", "the extension 'pdf' contradicts"),
            (PDF, "image/jpeg", "a.pdf", "contradicts"),
            (film(b"isom"), "audio/mpeg", "a.mp3", "contradicts"),
            (b"GIF89a" + bytes(50), "image/gif", "a.gif", "no type that is taken"),
            # Other pictures may tell places as well: none is taken, under its own name or another.
            (picture("WEBP", exif=exif_of(gps=DELHI)), "image/webp", "a.webp", "no type that is taken"),
            (picture("WEBP", exif=exif_of(gps=DELHI)), "image/jpeg", "a.jpg", "no type that is taken"),
            (picture("TIFF"), "image/tiff", "a.tiff", "no type that is taken"),
            (picture("AVIF", exif=exif_of(gps=DELHI)), "image/avif", "a.avif", "no type that is taken"),
            (b"<html><script>alert(1)</script>", "image/png", "a.png", "no type that is taken"),
            (b"MZ" + bytes(100), "", "a.exe", "no type that is taken"),
            (film(b"qt  "), "video/quicktime", "a.mov", "no type that is taken"),
            (film(b"heic"), "image/heic", "a.heic", "no type that is taken"),
            (film(b"M4A "), "audio/mp4", "a.m4a", "no type that is taken"),
            (office("other"), "application/zip", "a.zip", "no type that is taken"),
            (old_office("Something"), "", "a.msi", "no type that is taken"),
            (b"\xff\xfe" + "text".encode("utf-16-le") * 20, "", "a.mp3", "no type that is taken"),
            (b"\xff\xf1\x50\x80" + bytes(100), "audio/aac", "a.aac", "no type that is taken"),
            (b"PK\x03\x04" + bytes(100), "", "a.docx", "no type that is taken"),
            (b"\xff\xd8\xff\xe0" + b"JFIF but nothing more", "image/jpeg", "a.jpg", "damaged"),
            (b"\x89PNG\r\n\x1a\n" + bytes(40), "image/png", "a.png", "damaged"),
        ],
    )
    def test_what_is_refused(self, world: World, content: bytes, declared: str, name: str, reason: str) -> None:
        position = (world.member, world.position)[1]
        answer = upload(world.member, Part(content, name, declared, name="FileName"))
        body = assert_error(answer, code="UnsupportedMedia")
        assert reason in body["message"]
        assert body["message"].startswith("FileName: ")
        assert world.position == position
        assert temporary_files(world) == []

    def test_a_picture_may_be_cut_off_in_its_pixels(self, world: World) -> None:
        whole = picture(size=(900, 900))
        found = seen(world.member, upload(world.member, Part(whole[: len(whole) * 2 // 3])))
        assert (found["widthPx"], found["heightPx"]) == (900, 900)

    def test_a_picture_of_too_many_pixels(self, world: World) -> None:
        small = bytearray(picture("PNG", (10, 10)))
        small[16:24] = (20_000).to_bytes(4, "big") * 2
        small[29:33] = zlib.crc32(small[12:29]).to_bytes(4, "big")
        answer = upload(world.member, Part(bytes(small), "a.png"))
        assert "100 million pixels" in assert_error(answer, code="PayloadTooLarge")["message"]
        assert temporary_files(world) == []


class TestForms:
    @pytest.mark.parametrize("name", ["files", "FileName", "file", "1", "2", "फ़ाइल", ""])
    def test_the_part_may_have_any_name(self, world: World, name: str) -> None:
        assert resource_of(upload(world.member, Part(PDF, "a.pdf", name=name)))

    def test_other_fields_are_read_over(self, world: World) -> None:
        parts = (Part(b"a caption", None, name="caption"), Part(PDF, "a.pdf"), Part(b"", "", name="second"))
        assert seen(world.member, upload(world.member, *parts))["mediaType"] == "Document"

    def test_a_part_of_a_files_type_needs_no_file_name(self, world: World) -> None:
        found = seen(world.member, upload(world.member, Part(PDF, None, "application/pdf")))
        assert found["mediaFileName"] == "document.pdf"

    def test_a_raw_body_is_one_file(self, world: World) -> None:
        headers = {"Content-Type": "image/jpeg", "Content-Disposition": 'attachment; filename="from a phone.jpg"'}
        answer = world.member.call("POST", "/media", content=picture(), headers=headers)
        assert seen(world.member, answer)["mediaFileName"] == "from a phone.jpg"
        answer = world.member.call("POST", "/media", content=PDF)
        assert seen(world.member, answer)["mediaFileName"] == "document.pdf"

    def test_several_pictures_are_an_album_in_their_order(self, world: World) -> None:
        position = (world.member, world.position)[1]
        parts = [Part(picture(size=(100 + number, 50)), f"{number}.jpg", name="files") for number in range(3)]
        found = seen(world.member, upload(world.member, *parts))
        assert found["mediaType"] == "Album"
        assert [file["widthPx"] for file in found["media"]] == [100, 101, 102]
        assert [file["mediaFileName"] for file in found["media"]] == ["0.jpg", "1.jpg", "2.jpg"]
        assert {name: found[name] for name in found["media"][0]} == found["media"][0]
        [event] = world.events_after(position)
        assert event.event_type == "MediaAdded"
        assert event.actor_id == world.member.id
        size = sum(file["sizeBytes"] for file in found["media"])
        assert event.facts == {"kind": "Album", "fileCount": 3, "sizeBytes": size}

    def test_an_album_holds_pictures_alone(self, world: World) -> None:
        answer = upload(world.member, Part(picture(), "a.jpg"), Part(PDF, "b.pdf", name="second"))
        assert assert_error(answer, code="UnsupportedMedia")["message"].startswith("second: several files")

    def test_an_album_has_at_most_ten(self, world: World) -> None:
        small = picture(size=(8, 8))
        assert resource_of(upload(world.member, *[Part(small)] * 10))
        assert "10 files" in assert_error(upload(world.member, *[Part(small)] * 11), code="PayloadTooLarge")["message"]
        assert temporary_files(world) == []

    def test_too_many_fields(self, world: World) -> None:
        answer = upload(world.member, *[Part(b"x", None)] * 11)
        assert "10 fields" in assert_error(answer, code="PayloadTooLarge")["message"]

    @pytest.mark.parametrize(
        ("body", "kind", "field"),
        [
            (b"", f"multipart/form-data; boundary={BOUNDARY}", "body: is not readable"),
            (
                multipart(Part(PDF, "a.pdf"))[0][:-10],
                f"multipart/form-data; boundary={BOUNDARY}",
                "body: is not readable",
            ),
            (multipart(Part(PDF, "a.pdf"))[0], "multipart/form-data; boundary=another", "body: is not readable"),
            (multipart(Part(PDF, "a.pdf"))[0], "multipart/form-data", "Content-Type: must name the boundary"),
            (multipart(Part(PDF, "a.pdf"))[0], "multipart/form-data; boundary=" + "x" * 300, "Content-Type: "),
            (multipart(Part(b"x", None))[0], f"multipart/form-data; boundary={BOUNDARY}", "body: must hold a file"),
            (multipart()[0], f"multipart/form-data; boundary={BOUNDARY}", "body: "),
            (b"no form at all", f"multipart/form-data; boundary={BOUNDARY}", "body: is not readable"),
            (b"", "image/jpeg", "body: must not be an empty file"),
            (multipart(Part(b"", "a.jpg", name="x"))[0], f"multipart/form-data; boundary={BOUNDARY}", "x: must not be"),
            (
                multipart(Part(b"eA==", further=b"\r\nContent-Transfer-Encoding: base64"))[0],
                f"multipart/form-data; boundary={BOUNDARY}",
                "Content-Transfer-Encoding: must be binary",
            ),
        ],
    )
    def test_what_is_no_upload(self, world: World, body: bytes, kind: str, field: str) -> None:
        answer = world.member.call("POST", "/media", content=body, headers={"Content-Type": kind})
        assert assert_error(answer, code="InvalidParameters")["message"].startswith(field)
        assert temporary_files(world) == []


class TestNames:
    @pytest.mark.parametrize(
        ("disposition", "shown"),
        [
            (b'form-data; name="f"; filename="a.pdf"', "a.pdf"),
            (b'form-data; name="f"; filename=a.pdf', "a.pdf"),
            (b'FORM-DATA; NAME="f"; FILENAME="a.pdf"', "a.pdf"),
            ('form-data; name="f"; filename="रिपोर्ट.pdf"'.encode(), "रिपोर्ट.pdf"),
            ('form-data; name="f"; filename="تقرير.pdf"'.encode(), "تقرير.pdf"),
            ('form-data; name="f"; filename="Résumé.pdf"'.encode("cp1252"), "Résumé.pdf"),
            (
                b"form-data; name=f; filename=\"=?utf-8?B?4KSw4KS/?=\"; filename*=utf-8''%E0%A4%B0%E0%A4%BF.pdf",
                "रि.pdf",
            ),
            (b'form-data; name=f; filename="=?utf-8?B?4KSw4KS/LnBkZg==?="', "रि.pdf"),
            (b"form-data; name=f; filename=\"x.pdf\"; filename*=UTF-8''%E2%82%AC.pdf", "€.pdf"),
            (b'form-data; name="f"; filename="a %22quoted%22 name.pdf"', 'a "quoted" name.pdf'),
            (b'form-data; name="f"; filename="a; b.pdf"', "a; b.pdf"),
            (b'form-data; name="f"; filename="../../etc/passwd"', "passwd.pdf"),
            (b'form-data; name="f"; filename="/abs/olute.pdf"', "olute.pdf"),
            (b'form-data; name="f"; filename="C:\\\\Users\\\\me\\\\a.pdf"', "a.pdf"),
            (b'form-data; name="f"; filename=".."', "document.pdf"),
            (b'form-data; name="f"; filename="   "', "document.pdf"),
            (b'form-data; name="f"; filename=".pdf"', "pdf.pdf"),
            (b'form-data; name="f"; filename="a.PDF"', "a.PDF"),
            (b'form-data; name="f"; filename="a.exe"', "a.exe.pdf"),
            (b'form-data; name="f"; filename="a.doc"', "a.pdf"),
            ('form-data; name="f"; filename="a\u202efdp.exe"'.encode(), "afdp.exe.pdf"),
            (b'form-data; name="f"; filename="a%0D%0Ab.pdf"', "ab.pdf"),
            (b'form-data; name="f"; filename="' + b"x" * 400 + b'.pdf"', "x" * 196 + ".pdf"),
        ],
        ids=lambda value: value.decode("latin-1")[20:60] if isinstance(value, bytes) else None,
    )
    def test_a_name_is_read_in_every_encoding_and_never_becomes_a_path(
        self, world: World, disposition: bytes, shown: str
    ) -> None:
        found = seen(world.member, upload(world.member, Part(PDF, disposition=disposition)))
        assert found["mediaFileName"] == shown
        assert found["mediaUrl"].endswith(".pdf")


class TestPictures:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG"])
    def test_nothing_is_told_of_where_or_by_what_it_was_taken(self, world: World, kind: str) -> None:
        sent = picture(kind, exif=exif_of(orientation=6, gps=DELHI)) + b"a film behind the end"
        found = seen(world.member, upload(world.member, Part(sent, "a." + kind.lower())))
        stored = fetched(world, found["mediaUrl"]).content
        for secret in (b"Maker of the camera", b"a film behind"):
            assert secret in sent
            assert secret not in stored
        with Image.open(io.BytesIO(stored)) as kept, Image.open(io.BytesIO(sent)) as original:
            assert dict(kept.getexif()) == {0x0112: 6}
            assert kept.tobytes() == original.tobytes()

    def test_the_thumbnail_is_small_and_the_right_way_up(self, world: World) -> None:
        sent = picture(size=(800, 400), exif=exif_of(orientation=6, gps=DELHI))
        found = seen(world.member, upload(world.member, Part(sent)))
        answer = fetched(world, found["thumbnailUrl"])
        assert answer.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(answer.content)) as small:
            assert small.size == (160, 320)
            assert not dict(small.getexif())
            assert small.getpixel((0, 160)) > small.getpixel((159, 160))  # type: ignore[operator]

    def test_what_shines_through_goes_on_doing_so(self, world: World) -> None:
        found = seen(world.member, upload(world.member, Part(picture("PNG", mode="RGBA"), "a.png")))
        answer = fetched(world, found["thumbnailUrl"])
        assert answer.headers["content-type"] == "image/png"
        with Image.open(io.BytesIO(answer.content)) as small:
            assert small.mode == "RGBA"

    def test_a_small_pictures_thumbnail_is_the_picture(self, world: World) -> None:
        found = seen(world.member, upload(world.member, Part(picture(size=(100, 60)))))
        assert fetched(world, found["thumbnailUrl"]).content == fetched(world, found["mediaUrl"]).content

    def test_others_have_no_thumbnail(self, world: World) -> None:
        found = seen(world.member, upload(world.member, Part(PDF, "a.pdf")))
        assert not found.keys() & {"thumbnailUrl", "widthPx", "heightPx"}
        assert fetched(world, found["mediaUrl"] + "?size=thumbnail").status_code == 404

    def test_the_place_is_kept_for_actions_that_are_about_places(self, world: World) -> None:
        sent = Part(picture(exif=exif_of(gps=DELHI)))
        upload(world.member, sent)
        assert world.ask("SELECT latitude_e7, longitude_e7 FROM media_files WHERE tenant_id = %s") == [DELHI_E7]

    @pytest.mark.parametrize(
        "gps",
        [
            {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (77.0, 0.0, 0.0)},
            {1: "N", 2: (1.0, 0.0), 3: "E", 4: (77.0, 0.0, 0.0)},
            {1: "N"},
        ],
    )
    def test_a_place_that_is_none_is_read_over(self, world: World, gps: dict[int, Any]) -> None:
        upload(world.member, Part(picture(exif=exif_of(gps=gps))))
        assert world.ask("SELECT latitude_e7, longitude_e7 FROM media_files WHERE tenant_id = %s") == [(None, None)]


class TestSize:
    def test_the_limit_is_met_exactly(self, world_with: Any) -> None:
        world = world_with(media_max_mb=1)
        content = PDF + bytes(MIB - len(PDF))
        assert resource_of(upload(world.member, Part(content, "a.pdf")))
        assert resource_of(world.member.call("POST", "/media", content=content))
        for answer in (
            upload(world.member, Part(content + b"x", "a.pdf")),
            upload(world.member, Part(picture()), Part(content, "a.pdf")),
            world.member.call("POST", "/media", content=content + b"x"),
        ):
            assert "at most 1 MB" in assert_error(answer, code="PayloadTooLarge")["message"]
            assert answer.headers["connection"] == "close"
        assert temporary_files(world) == []

    def test_the_limit_of_json_bodies_is_another(self, world_with: Any) -> None:
        world = world_with(body_max_bytes=1_000)
        assert resource_of(upload(world.member, Part(PDF + bytes(5_000), "a.pdf")))


class TestSameContent:
    def test_is_kept_once_for_each_organization(self, world: World) -> None:
        for name in ("a.pdf", "b.pdf"):
            upload(world.member, Part(PDF, name))
        upload(world.group_admin, Part(PDF, "c.pdf"))
        assert len(objects_of(world)) == 1
        assert world.ask("SELECT count(*) FROM media WHERE tenant_id = %s") == [(3,)]
        upload(world.stranger, Part(PDF, "a.pdf"))
        assert len(objects_of(world)) == len(objects_of(world.other_world)) == 1

    def test_twice_in_one_album(self, world: World) -> None:
        found = seen(world.member, upload(world.member, Part(picture()), Part(picture())))
        assert [len(fetched(world, file["mediaUrl"]).content) for file in found["media"]] == [found["sizeBytes"]] * 2

    def test_uploaded_at_once_is_whole_for_all(self, world: World) -> None:
        body, headers = multipart(Part(PDF, "a.pdf"))
        call = ("POST", "/media", {"token": world.member.access_token, "content": body, "headers": headers})
        answers = world.client.call_at_once(*[call] * 8)
        for answer in answers:
            assert fetched(world, seen(world.member, answer)["mediaUrl"]).content == PDF
        states = world.ask("SELECT state, count(*) FROM media_objects WHERE tenant_id = %s GROUP BY state")
        assert dict(states)["kept"] == 1
        assert dict(states).keys() <= {"kept", "doomed"}


class TestResource:
    def test_it_is_url_safe_and_each_upload_has_its_own(self, world: World) -> None:
        resources = {resource_of(upload(world.member, Part(PDF, "a.pdf"))) for _ in range(3)}
        assert len(resources) == 3
        assert all(resource.replace("-", "").replace("_", "").isalnum() for resource in resources)

    def test_whoever_of_the_organization_has_it_may_use_it_and_no_other(self, world: World) -> None:
        resource = resource_of(upload(world.member, Part(PDF, "a.pdf")))
        assert world.outsider.get(f"/media/{resource}").status_code == 200
        assert_error(world.stranger.get(f"/media/{resource}"), code="NotFound")

    def test_a_changed_one_is_none(self, world: World) -> None:
        resource = resource_of(upload(world.member, Part(PDF, "a.pdf")))
        packed = bytearray(base64.urlsafe_b64decode(resource + "="))
        wrong = ["x", resource + "A", resource[:-1], "A" * 43, resource.swapcase()]
        for place in (0, 15, 16, 31):
            changed = bytearray(packed)
            changed[place] ^= 1
            wrong.append(base64.urlsafe_b64encode(bytes(changed)).rstrip(b"=").decode())
        for text in wrong:
            assert_error(world.member.get(f"/media/{text}"), code="NotFound")


class TestIdempotency:
    def test_a_repeated_upload_is_one(self, world: World) -> None:
        key = {"Idempotency-Key": "upload-1"}
        first = upload(world.member, Part(PDF, "a.pdf"), headers=key)
        second = upload(world.member, Part(PDF, "a.pdf"), headers=key)
        assert first.content == second.content
        assert second.headers["idempotency-replayed"] == "true"
        assert world.ask("SELECT count(*) FROM media WHERE tenant_id = %s") == [(1,)]

    @pytest.mark.parametrize("other", [Part(PDF + b" ", "a.pdf"), Part(PDF, "b.pdf")])
    def test_another_content_or_name_is_another_request(self, world: World, other: Part) -> None:
        key = {"Idempotency-Key": "upload-1"}
        upload(world.member, Part(PDF, "a.pdf"), headers=key)
        assert_error(upload(world.member, other, headers=key), code="Conflict")
