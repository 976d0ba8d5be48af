"""What other slices use of media: access, attaching, removing; and what the sweep does with what nobody uses."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest

from chaupal.auth.access import Access
from chaupal.auth.caller import Operator
from chaupal.errors import InvalidParameters, NotFound
from chaupal.jobs.sweeps import SweepLimits, sweep_once
from chaupal.media.file_types import MediaKind
from chaupal.media.rules import (
    Content,
    Media,
    access_all_media,
    access_media,
    add_media,
    attach,
    delete_media,
    doom_unused_objects,
    find_media,
    reserve_objects,
)
from chaupal.media.sweeping import remove_stale_files, remove_unused_objects
from chaupal.store.transaction import Transaction
from tests.api.files import DELHI, DELHI_E7, PDF, Part, exif_of, picture
from tests.api.uploads import fetched, objects_of, resource_of, seen, temporary_files, upload
from tests.api.worlds import Caller, World

ACCESS = Access("user", "", "", "", False, frozenset(), "connector", "application", "")


def media_of(world: World, answer: Any) -> Media:
    media: Media = world.read(lambda tx, _operator, text: access_media(tx, ACCESS, text), resource_of(answer))
    return media


def do_attach(world: World, media: Media, *, keep_location: bool = False) -> None:
    world.do(lambda tx, _operator, media_id: attach(tx, media_id, keep_location=keep_location), media.media_id)


def remove(world: World, *media: Media) -> int:
    count: int = world.do(lambda tx, _operator, ids: delete_media(tx, ids), [each.media_id for each in media])
    return count


def sweep(world: World) -> int:
    """One round of the sweep for the world's tenant; how many objects it removed."""
    world.do(sweep_once, SweepLimits.of(world.house.settings))
    return world.client.run(remove_unused_objects(world.house, world.tenant_id))


def states(world: World) -> dict[str, int]:
    return dict(world.ask("SELECT state, count(*) FROM media_objects WHERE tenant_id = %s GROUP BY state"))


class TestAccess:
    def test_gives_the_media_with_its_files(self, world: World) -> None:
        media = media_of(world, upload(world.member, Part(picture(), "a.jpg"), Part(picture(), "b.jpg")))
        assert (media.kind, media.owner_id) == (MediaKind.ALBUM, world.member.id)
        assert [(file.file_number, file.file_name) for file in media.files] == [(1, "a.jpg"), (2, "b.jpg")]

    def test_another_kind_is_refused_naming_the_field(self, world: World) -> None:
        resource = resource_of(upload(world.member, Part(PDF, "a.pdf")))

        def ask(tx: Transaction, _operator: Operator, text: str) -> Media:
            return access_media(tx, ACCESS, text, kinds=[MediaKind.IMAGE, MediaKind.ALBUM], field="coverImage")

        with pytest.raises(InvalidParameters, match="coverImage: must be media of kind Image, Album, not Document"):
            world.read(ask, resource)

    def test_several_come_in_the_order_they_were_asked_in_with_two_statements(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resources = [resource_of(upload(world.member, Part(PDF, f"{number}.pdf"))) for number in range(5)]
        counted = 0
        original = Transaction.all

        def count(self: Transaction, *args: Any, **params: Any) -> Any:
            nonlocal counted
            counted += 1
            return original(self, *args, **params)

        monkeypatch.setattr(Transaction, "all", count)

        def ask(tx: Transaction, _operator: Operator, texts: Sequence[str]) -> list[Media]:
            return access_all_media(tx, ACCESS, texts)

        wanted = [*reversed(resources), resources[0]]
        assert [media.resource for media in world.read(ask, wanted)] == wanted
        assert counted == 2

    @pytest.mark.parametrize("text", ["", "x" * 43, "nonsense", "A" * 43])
    def test_one_that_is_none_among_several_is_not_found(self, world: World, text: str) -> None:
        resource = resource_of(upload(world.member, Part(PDF, "a.pdf")))
        with pytest.raises(NotFound):
            world.read(lambda tx, _operator, texts: access_all_media(tx, ACCESS, texts), [resource, text])

    def test_found_by_id_as_well(self, world: World) -> None:
        media = media_of(world, upload(world.member, Part(PDF, "a.pdf")))
        found = world.read(lambda tx, _operator, ids: find_media(tx, ids), [media.media_id, "unknown"])
        assert found == {media.media_id: media}


class TestAttach:
    def test_the_place_is_forgotten_but_for_an_action_about_places(self, world: World) -> None:
        sent = Part(picture(exif=exif_of(gps=DELHI)))
        ordinary, placed = media_of(world, upload(world.member, sent)), media_of(world, upload(world.member, sent))
        for media in (ordinary, placed):
            assert (media.files[0].latitude_e7, media.files[0].longitude_e7) == DELHI_E7
            do_attach(world, media, keep_location=media is placed)
        found = world.read(lambda tx, _operator, ids: find_media(tx, ids), [ordinary.media_id, placed.media_id])
        assert found[ordinary.media_id].files[0].latitude_e7 is None
        assert found[placed.media_id].files[0].longitude_e7 == DELHI_E7[1]

    def test_what_is_used_is_kept_and_what_is_not_goes_after_a_week(self, world: World) -> None:
        used, unused = upload(world.member, Part(PDF, "a.pdf")), upload(world.member, Part(PDF + b" ", "b.pdf"))
        links = [seen(world.member, answer)["mediaUrl"] for answer in (used, unused)]
        do_attach(world, media_of(world, used))
        world.clock.advance(days=6, hours=23)
        sweep(world)
        assert [fetched(world, link).status_code for link in links] == [200, 200]
        world.clock.advance(hours=2)
        position = world.position
        sweep(world)
        assert [fetched(world, link).status_code for link in links] == [200, 404]
        assert world.count_events_after(position) == {"MediaRemoved": 1}
        assert states(world) == {"kept": 1, "loose": 1}
        world.clock.advance(hours=2)
        assert sweep(world) == 1
        assert states(world) == {"kept": 1}
        assert len(objects_of(world)) == 1


class TestBytes:
    def test_are_kept_while_one_of_several_media_has_them(self, world: World) -> None:
        answers = [upload(world.member, Part(PDF, "a.pdf")) for _ in range(2)]
        first, second = (media_of(world, answer) for answer in answers)
        link = seen(world.member, answers[1])["mediaUrl"]
        assert remove(world, first) == 1
        world.clock.advance(hours=2)
        assert sweep(world) == 0
        assert fetched(world, link).content == PDF
        assert remove(world, second) == 1
        world.clock.advance(hours=2)
        assert sweep(world) == 1
        assert objects_of(world) == []

    def test_a_thumbnails_go_with_the_picture(self, world: World) -> None:
        media = media_of(world, upload(world.member, Part(picture())))
        assert len(objects_of(world)) == 2
        remove(world, media)
        world.clock.advance(hours=2)
        assert sweep(world) == 2
        assert objects_of(world) == []

    def test_an_upload_and_a_sweep_at_once_lose_nothing(self, world: World) -> None:
        """The sweep may run between any two steps of an upload of the same content."""
        remove(world, media_of(world, upload(world.member, Part(PDF, "a.pdf"))))
        world.clock.advance(hours=2)
        [reserved] = world.do(_as_caller(world.member, reserve_objects), [Content(_hash_of(world), len(PDF))])
        assert reserved.has_bytes
        assert sweep(world) == 0, "what an upload counts on is not removed under it"
        answer = upload(world.member, Part(PDF, "a.pdf"))
        world.clock.advance(hours=2)
        assert sweep(world) == 0
        assert fetched(world, seen(world.member, answer)["mediaUrl"]).content == PDF

    def test_doomed_bytes_are_never_used_again(self, world: World) -> None:
        remove(world, media_of(world, upload(world.member, Part(PDF, "a.pdf"))))
        world.clock.advance(hours=2)
        [doomed] = world.do(doom_unused_objects, 10)
        answer = upload(world.member, Part(PDF, "b.pdf"))
        assert states(world) == {"doomed": 1, "kept": 1}
        world.client.run(world.house.media_store.objects.delete(doomed))
        assert fetched(world, seen(world.member, answer)["mediaUrl"]).content == PDF
        sweep(world)
        assert states(world) == {"kept": 1}

    def test_of_an_upload_that_was_never_finished_are_removed(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("broken for this test")

        monkeypatch.setattr("chaupal.media.routes.add_media", fail)
        assert upload(world.member, Part(PDF, "a.pdf")).status_code == 500
        monkeypatch.setattr("chaupal.media.routes.add_media", add_media)
        assert (states(world), len(objects_of(world))) == ({"pending": 1}, 1)
        assert sweep(world) == 0
        world.clock.advance(hours=2)
        assert sweep(world) == 1
        assert (states(world), objects_of(world)) == ({}, [])

    def test_of_another_organization_are_not_touched(self, world: World) -> None:
        answer = upload(world.stranger, Part(PDF, "a.pdf"))
        remove(world, media_of(world, upload(world.member, Part(PDF, "a.pdf"))))
        world.clock.advance(hours=2)
        sweep(world)
        assert fetched(world, seen(world.stranger, answer)["mediaUrl"]).content == PDF


class TestTemporaryFiles:
    def test_those_that_nobody_writes_to_are_removed(self, world: World) -> None:
        store = world.house.media_store
        paths = [store.incoming.new_path() for _ in range(2)]
        for path in paths:
            path.write_bytes(b"x")
        os.utime(paths[0], (1, 1))
        assert world.client.run(remove_stale_files(world.house)) == 1
        assert temporary_files(world) == [paths[1]]
        paths[1].unlink()


def _as_caller(caller: Caller, rule: Any) -> Any:
    """The rule as its caller would run it, in the operator's transaction."""
    from chaupal.auth.caller import Caller as TokenCaller
    from chaupal.auth.permissions import PERMISSIONS

    token = caller.client.house.signer.check(caller.access_token, now_s=caller.client.house.now_s)
    bearer = TokenCaller(token, PERMISSIONS["media.upload"])
    return lambda tx, _operator, request: rule(tx, bearer, request)


def _hash_of(world: World) -> str:
    [(sha256,)] = world.ask("SELECT sha256 FROM media_objects WHERE tenant_id = %s")
    return str(sha256)
