"""Media in actions: only the tenant's own, of the kind that fits, kept once used, shown as links. Contract, 7 and 8."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.client import assert_error
from tests.api.files import DELHI, PDF, Part, exif_of, picture
from tests.api.posted_actions import LINK, details, named, post, with_media
from tests.api.uploads import resource_of, upload
from tests.api.worlds import World


def image(world: World) -> str:
    resource: str = with_media(world, "{Image}")
    return resource


class TestMediaOfActions:
    @pytest.mark.parametrize("resource", ["made-up", "", "A" * 43])
    def test_what_is_no_media_is_not_found(self, world: World, resource: str) -> None:
        position = (world.group_id, world.group_admin, world.position)[2]
        body = named({"mediaResource": resource}, "Image")
        assert_error(world.group_admin.post(f"/groups/{world.group_id}/actions", body), code="NotFound")
        assert world.position == position

    def test_nor_is_another_organizations(self, world: World) -> None:
        theirs = resource_of(upload(world.stranger, Part(PDF, "note.pdf", "application/pdf")))
        body = named({"mediaResource": theirs}, "Document")
        assert world.group_admin.post(f"/groups/{world.group_id}/actions", body).status_code == 404

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            (named({"mediaResource": "{Document}"}, "Image"), "actionBody.mediaResource"),
            (named({"mediaResource": "{Image}"}, "Audio"), "actionBody.mediaResource"),
            (named({"mediaResource": "{Video}"}, "Album"), "actionBody.mediaResource"),
            (named({"question": "?", "choices": ["a", {"title": "b", "image": "{Audio}"}]}), "actionBody.choices[1]"),
            (named({"title": "x", "coverImage": "{Audio}", "questions": [{"title": "q", "type": "Text"}]}, "Survey"),
             "actionBody.coverImage"),
            (named({"latitude": 1, "longitude": 2, "mediaResource": "{Video}"}, "PhotoWithLocation"),
             "actionBody.mediaResource"),
        ],
    )  # fmt: skip
    def test_of_another_kind_are_refused_by_field(self, world: World, body: Any, field: str) -> None:
        answer = world.group_admin.post(f"/groups/{world.group_id}/actions", with_media(world, body))
        message = assert_error(answer, code="InvalidParameters")["message"]
        assert message.startswith(field)
        assert "kind" in message

    def test_a_picture_may_be_posted_as_an_album(self, world: World) -> None:
        action_id = post(world, "Album", {"mediaResource": image(world)})
        assert len(details(world, action_id)["actionDetails"]["media"]) == 1

    def test_used_ones_are_kept(self, world: World) -> None:
        post(world, "Image", {"mediaResource": image(world)})
        image(world)
        question = "SELECT count(*), count(attached_at_ms) FROM media WHERE tenant_id = %s"
        assert world.ask(question) == [(2, 1)]

    def test_a_refused_action_uses_none(self, world: World) -> None:
        body = named({"Message": "x", "MediaResources": [image(world), "made-up"]}, "Announcement")
        assert world.group_admin.post(f"/groups/{world.group_id}/actions", body).status_code == 404
        assert world.ask("SELECT count(attached_at_ms) FROM media WHERE tenant_id = %s") == [(0,)]

    def test_their_links_lead_to_the_files_without_a_token(self, world: World) -> None:
        action_id = post(world, "Image", {"mediaResource": image(world)}, sender=world.member)
        shown = details(world, action_id)["actionDetails"]
        for url in (shown["imageUrl"], shown["media"][0]["thumbnailUrl"]):
            answer = world.client.call("GET", url.removeprefix("https://chat.example.org"))
            assert answer.headers["content-type"] == "image/jpeg"

    def test_properties_show_links(self, world: World) -> None:
        resource = image(world)
        properties = [
            {"name": "one", "type": "Attachment", "value": resource},
            {"name": "all", "type": "AttachmentList", "value": [resource, resource]},
        ]
        action_id = post(world, "", {"properties": properties}, id="com.x")
        one, several = details(world, action_id)["actionDetails"]["properties"]
        assert LINK.fullmatch(one["value"])
        assert [file["mediaUrl"] for file in json.loads(several["value"])] == [one["value"]] * 2
        listed = world.member.get(f"/groups/{world.group_id}/actions").json()["actions"][0]
        assert listed["actionBody"]["properties"] == [one, several]

    def test_choices_covers_and_pages_show_links(self, world: World) -> None:
        resource = image(world)
        poll = post(world, "Poll", {"question": "?", "choices": [{"title": "a", "image": resource}, "b"]})
        assert LINK.fullmatch(details(world, poll)["actionDetails"]["choices"][0]["image"])
        questions = [{"title": "q", "type": "SingleOption", "options": [{"title": "a", "image": resource}]}]
        survey = post(world, "Survey", {"title": "x", "coverImage": resource, "questions": questions})
        shown = details(world, survey)["actionDetails"]
        assert LINK.fullmatch(shown["coverImage"])
        assert LINK.fullmatch(shown["questions"][0]["options"][0]["image"])
        training = post(world, "Training", {"title": "x", "content": [{"mediaResources": [resource]}]})
        assert LINK.fullmatch(details(world, training)["actionDetails"]["content"][0]["media"][0]["mediaUrl"])


class TestPhotoWithLocation:
    def taken_in_delhi(self, world: World) -> str:
        return resource_of(upload(world.member, Part(picture(exif=exif_of(gps=DELHI)), "photo.jpg", "image/jpeg")))

    def test_takes_its_place_from_the_photo(self, world: World) -> None:
        action_id = post(world, "PhotoWithLocation", {"mediaResource": self.taken_in_delhi(world)})
        shown = details(world, action_id)["actionDetails"]
        assert (shown["latitude"], shown["longitude"]) == (28.6139, 77.209)

    def test_what_the_sender_says_counts(self, world: World) -> None:
        body = {"mediaResource": self.taken_in_delhi(world), "latitude": 1, "longitude": 2}
        shown = details(world, post(world, "PhotoWithLocation", body))["actionDetails"]
        assert (shown["latitude"], shown["longitude"]) == (1, 2)

    def test_a_photo_that_tells_none_has_none(self, world: World) -> None:
        shown = details(world, post(world, "PhotoWithLocation", {"mediaResource": image(world)}))["actionDetails"]
        assert "latitude" not in shown

    def test_an_image_tells_no_place(self, world: World) -> None:
        action_id = post(world, "Image", {"mediaResource": self.taken_in_delhi(world)})
        assert "latitude" not in details(world, action_id)["actionDetails"]
        assert world.ask("SELECT latitude_e7 FROM media_files WHERE tenant_id = %s") == [(None,)]
