"""Pictures of bots: uploaded ones, shown by their links wherever the bot is. Source: contract, sections 7 and 10."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.api.client import assert_error
from tests.api.files import DELHI, PDF, exif_of, picture
from tests.api.worlds import Caller, World


def upload(caller: Caller, content: bytes) -> tuple[str, str]:
    """(mediaResource, link)."""
    resource: str = caller.call("POST", "/media", content=content).json()["mediaResource"]
    return resource, caller.get(f"/media/{resource}").json()["mediaUrl"]


def make(maker: Caller, profile_pic: str) -> str:
    """A bot with a picture; its id."""
    answer = maker.post("/bot", {"name": "Till", "profilePic": profile_pic})
    assert answer.status_code == 200, answer.text
    bot_id: str = answer.json()["botUserId"]
    return bot_id


def shown(maker: Caller) -> tuple[str, str]:
    """(name, picture) of the maker's only bot."""
    [bot] = maker.get("/bot").json()["bots"]
    return bot["name"], bot["profilePic"]


class TestPicturesOfBots:
    def test_a_picture_is_shown_by_its_link_among_bots_and_members(self, world: World) -> None:
        resource, link = upload(world.member, picture())
        bot_id = make(world.member, resource)
        assert shown(world.member) == ("Till", link)
        world.group_admin.post(f"/groups/{world.group_id}/bot", {"botUserId": bot_id})
        members = world.member.get(f"/groups/{world.group_id}/members").json()["members"]
        assert [each["profilePic"] for each in members if each["id"] == bot_id] == [link]
        me = world.bot(bot_id, creator=world.member.number).get("/users/me").json()
        assert me["profilePic"] == link

    def test_the_link_gives_the_picture_to_whoever_has_it(self, world: World) -> None:
        resource, _ = upload(world.member, picture())
        make(world.member, resource)
        answer = world.client.call("GET", urlsplit(shown(world.member)[1]).path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")

    def test_what_is_used_is_kept_and_forgets_its_place(self, world: World) -> None:
        resource, _ = upload(world.member, picture(exif=exif_of(gps=DELHI)))
        make(world.member, resource)
        [(attached_at_ms,)] = world.ask("SELECT attached_at_ms FROM media WHERE tenant_id = %s")
        assert attached_at_ms is not None
        assert world.ask("SELECT latitude_e7, longitude_e7 FROM media_files WHERE tenant_id = %s") == [(None, None)]

    def test_it_is_changed_left_as_it_is_and_taken_away(self, world: World) -> None:
        (first, _), (second, link) = upload(world.member, picture()), upload(world.member, picture("PNG"))
        path = f"/bot/{make(world.member, first)}"
        assert world.member.put(path, {"profilePic": second}).json() == {"result": "true"}
        assert shown(world.member) == ("Till", link)
        assert world.member.put(path, {"name": "Cash desk"}).json() == {"result": "true"}
        assert shown(world.member) == ("Cash desk", link)
        assert world.member.put(path, {"profilePic": ""}).json() == {"result": "true"}
        assert shown(world.member) == ("Cash desk", "")

    def test_the_same_again_changes_nothing(self, world: World) -> None:
        resource, _ = upload(world.member, picture())
        path = f"/bot/{make(world.member, resource)}"
        position = world.position
        assert world.member.put(path, {"profilePic": resource}).json() == {"result": "true"}
        assert world.position == position

    def test_what_is_no_picture_of_the_organization_is_refused_and_changes_nothing(self, world: World) -> None:
        document, _ = upload(world.member, PDF)
        foreign, _ = upload(world.stranger, picture())
        resource, link = upload(world.member, picture())
        path = f"/bot/{make(world.member, resource)}"
        for refused, code in ((document, "InvalidParameters"), (foreign, "NotFound"), ("media-1", "NotFound")):
            assert_error(world.member.post("/bot", {"name": "Other", "profilePic": refused}), code=code)
            assert_error(world.member.put(path, {"profilePic": refused}), code=code)
            assert shown(world.member) == ("Till", link)
