"""The official Swagger file's own request bodies, in the order a newcomer runs the old Postman collection, against a
real server (contract, section 13). What the file has no body for is sent as its descriptions say."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from chaupal.wire.tolerant import read_tolerant_json
from tests.api.hooks import HookReceiver
from tests.installations import Installation, installation, warm_commands

__all__ = ["installation", "warm_commands"]

ADMIN, SECOND, THIRD = "+919876543210", "+919876543211", "+919876543212"


class Newcomer:
    """Whoever runs the collection: an environment that its own answers fill, and the file's bodies by their titles."""

    def __init__(self, made: Installation, spec_dir: Path) -> None:
        self.made = made
        text = (spec_dir / "kaizala-swagger.json").read_text(encoding="utf-8-sig")
        document: Any = read_tolerant_json(text)  # the file is not strict JSON
        self.definitions = document["definitions"]
        self._bodies = {
            title.removeprefix("Request - "): shown["x-ms-example"]
            for title, shown in document["definitions"].items()
            if "x-ms-example" in shown
        }
        self.environment = {"mobile-number": ADMIN, "mobile-number-2": SECOND, "mobile-number-3": THIRD}

    def official(self, title: str) -> Any:
        """The body with the environment's values in it."""
        text = json.dumps(self._bodies[title])
        for name, value in self.environment.items():
            text = text.replace("{{" + name + "}}", value)
        assert "{{" not in text, text
        return json.loads(text)

    def call(self, method: str, uri: str, body: Any = None, **headers: str) -> Any:
        """One call on the endpoint URL; the answer, which must be a success with a body old clients take for one."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        given = {"Content-Type": "application/json", **headers}
        if "access-token" in self.environment:
            given["accessToken"] = self.environment["access-token"]
        url = self.environment["endpoint-url"] + "v1" + uri
        answer = httpx.request(method, url, content=content, headers=given, timeout=30)
        assert answer.status_code == 200, (method, uri, answer.text)
        found = answer.json()
        assert "errorCode" not in found
        return found

    def sign_in(self) -> None:
        """generatePin, loginWithPinAndApplicationId, accessToken."""
        self.made.settings["CHAUPAL_SMS"] = "outbox"
        self.made.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
        self.made.start()
        installed = self.made.init()
        self.environment["application-id"] = installed["applicationId"]
        self.environment["endpoint-url"] = f"http://127.0.0.1:{self.made.port}/"
        assert self.call("POST", "/generatePin", self.official("Generate pin")) == {}
        login = self.official("Refresh Token") | {"pin": int(self.made.result("pin", ADMIN)["pin"])}
        refreshed = self.call("POST", "/loginWithPinAndApplicationId", login)
        answer = self.call(
            "GET",
            "/accessToken",
            applicationId=installed["applicationId"],
            applicationSecret=installed["applicationSecret"],
            refreshToken=refreshed["refreshToken"],
        )
        self.environment["access-token"] = answer["accessToken"]
        self.environment["endpoint-url"] = answer["endpointUrl"]

    def make_groups(self) -> None:
        """A group, a subgroup, a group added as a subgroup, members."""
        body = self.official("Create a managed public group") | {"groupType": "Group", "name": "Kaizala Test Group"}
        group = self.call("POST", "/groups", body)
        self.environment["test-group-id"] = group_id = group["groupId"]
        assert [one["groupId"] for one in self.call("GET", "/groups")["groups"]] == [group_id]
        assert self.call("GET", f"/groups/{group_id}")["groupName"] == "Kaizala Test Group"
        made = self.call("POST", f"/groups/{group_id}/subgroups", body | {"name": "Kaizala Test Sub Group"})
        other = self.call("POST", "/groups", body | {"name": "Other"})
        self.environment["test-sub-group-id"] = other["groupId"]
        add = self.official("Add group as a subGroup to another group")
        assert self.call("PUT", f"/groups/{group_id}/subGroups", add) == {"result": "true"}
        shown = self.call("GET", f"/groups/{group_id}/subGroups")
        assert {one["groupId"] for one in shown["subGroups"]} == {made["groupId"], other["groupId"]}
        assert self._bodies["Response - Fetch subGroup of a group"].keys() <= shown.keys()
        detached = self.call("DELETE", f"/groups/{group_id}/subGroups/{other['groupId']}")
        assert detached == {"result": "true"}
        added = self.call("PUT", f"/groups/{group_id}/members", self.official("Add members to a group"))
        assert added == {"result": "true"}
        members = self.call("GET", f"/groups/{group_id}/members")["members"]
        assert {one["mobileNumber"] for one in members} == {ADMIN, SECOND}
        second = next(one["id"] for one in members if one["mobileNumber"] == SECOND)
        assert self.call("DELETE", f"/groups/{group_id}/members/{second}") == {"result": "true"}

    def make_public_group(self) -> None:
        """A public group, its subscribers, a message to them."""
        public = self.call("POST", "/groups", self.official("Create a managed public group"))
        self.environment["test-public-group-id"] = public_id = public["groupId"]
        change = self.official("Remove subscribers")
        added = self.call("PUT", f"/groups/{public_id}/subscribers/add", change)
        assert added == {"result": {THIRD: {"isAdded": True}}}
        page = self.call("POST", f"/groups/{public_id}/subscribers", {"count": 10, "cursor": ""})
        assert [one["mobileNumber"] for one in page["subscribers"]] == [THIRD]
        sent = self.call(
            "POST", f"/groups/{public_id}/messages", self.official("SendMessageToSubscriber(s)InAPublicGroup")
        )
        assert sent.keys() == {"referenceId"}

    def upload(self) -> str:
        """An image, in a form whose part has the name that the file gives it; its media resource."""
        image = BytesIO()
        Image.new("RGB", (8, 8), "green").save(image, "PNG")
        boundary = "----KaizalaBoundary"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="FileName"; filename="पंप.png"\r\n'
        form = (
            head.encode() + b"Content-Type: image/png\r\n\r\n" + image.getvalue() + f"\r\n--{boundary}--\r\n".encode()
        )
        content_type = f"multipart/form-data; boundary={boundary}"
        resource: str = self.call("POST", "/media", form, **{"Content-Type": content_type})["mediaResource"]
        return resource

    def send_message(self) -> None:
        """A text to the group."""
        sent = self.call(
            "POST", f"/groups/{self.environment['test-group-id']}/messages", self.official("SendMessageOnAGroup")
        )
        assert sent.keys() == {"referenceId"}

    def post_actions(self, media: str) -> None:
        """Every kind of card that the file has a body for; the image's own resource is another server's."""
        group_id = self.environment["test-group-id"]
        cards = {
            "SendImageOnAGroup": "Image",
            "PostCustomAnnouncementToAGroup": "Announcement",
            "PostCustomAnnouncementToAGroup[withImages]": "Announcement",
            "PostAJobOnAGroup": "Job",
            "SendSurveyOnAGroup": "Survey",
            "PostCustomActionOnAGroup": "ActionPackage",
            "PostCustomActionToAGroup[withProperties]": "ActionPackage",
        }
        posted = {}
        for title in cards:
            body = self.official(title)
            if "mediaResource" in body["actionBody"]:
                body["actionBody"]["mediaResource"] = media
            if "MediaResources" in body["actionBody"]:
                body["actionBody"]["MediaResources"] = [media]
            posted[title] = self.call("POST", f"/groups/{group_id}/actions", body)["referenceId"]
        self.environment["test-job-id"] = posted["PostAJobOnAGroup"]
        self.environment["test-survey-id"] = posted["SendSurveyOnAGroup"]
        self.environment["test-action-id"] = posted["PostCustomActionOnAGroup"]
        listed = self.call("GET", f"/groups/{group_id}/actions?actionType=Job")
        assert [one["referenceId"] for one in listed["actions"]] == [posted["PostAJobOnAGroup"]]
        everything = self.call("GET", f"/groups/{group_id}/actions?count=30")
        assert {one["referenceId"] for one in everything["actions"]} == set(posted.values())
        public_id = self.environment["test-public-group-id"]
        sent = self.call("POST", f"/groups/{public_id}/actions", self.official("Send Custom Action To Subscriber(s)"))
        assert sent["referenceId"]

    def answer_survey(self, media: str) -> None:
        """The survey, in the file's own shape: it gives no example; and again, for the file's survey allows several."""
        group_id, survey_id = self.environment["test-group-id"], self.environment["test-survey-id"]
        answers = ["text", "Opt2", ["MOpt1", "MOpt3"], 5, {"lt": 17, "lg": 78, "n": "Depot"}, 1_767_571_200, media]
        place = {"latitude": 17, "longitude": 78, "name": "Depot"}
        body = {"responseName": "First", "responseLocation": place, "Answers": answers}
        assert body.keys() == self.definitions["SurveyActionBody"]["properties"].keys()
        assert place.keys() == self.definitions["ResponseLocation"]["properties"].keys()
        path = f"/groups/{group_id}/actions/{survey_id}/responses"
        first = self.call("POST", path, {"actionType": "Survey", "actionBody": body})["responseId"]
        again = self.call("POST", path, {"actionType": "Survey", "actionBody": body})["responseId"]
        body["Answers"][1] = "Opt1"
        changed = {"actionType": "Survey", "responseId": first, "actionBody": body}
        assert self.call("POST", path, changed) == {"responseId": first}
        details = self.read_details()
        assert [one["responseId"] for one in details["responses"]] == [first, again]
        shown = details["responses"][0]
        assert shown["answers"][:4] == ["text", "Opt1", ["MOpt1", "MOpt3"], 5]
        assert shown["answers"][5] == 1_767_571_200_000
        assert httpx.get(shown["answers"][6], timeout=30).headers["content-type"] == "image/png"
        assert (shown["responder"], shown["responseName"]) == (ADMIN, "First")
        assert (details["responseCount"], details["responderCount"]) == (2, 1)

    def answer_action(self) -> None:
        """The instance of a package that nobody has installed, whose questions the request does not say either."""
        path = f"/groups/{self.environment['test-group-id']}/actions/{self.environment['test-action-id']}"
        given = self.call("POST", f"{path}/responses", self.official("PostingAResponseToAnAction"))
        assert given.keys() == {"responseId"}
        [shown] = self.call("GET", f"{path}?getDetails=true")["actionDetails"]["responses"]
        assert (shown["responseId"], shown["answers"]) == (given["responseId"], ["test text"])

    def answer_job(self) -> None:
        """The file names Job beside Survey, and says of the body only that it depends on the type."""
        path = f"/groups/{self.environment['test-group-id']}/actions/{self.environment['test-job-id']}"
        body = {"actionType": "Job", "actionBody": {"isCompleted": True}}
        assert self.call("POST", f"{path}/responses", body).keys() == {"responseId"}
        details = self.call("GET", f"{path}?getDetails=true")["actionDetails"]
        assert [one["isCompleted"] for one in details["responses"]] == [True]

    def react(self) -> None:
        """A like and a comment on the survey; the file is older than reactions, so these are section 9's requests."""
        group_id, survey_id = self.environment["test-group-id"], self.environment["test-survey-id"]
        body = {"referenceId": survey_id, "sourceGroupId": group_id, "reactionType": "Like"}
        liked = self.call("POST", f"/groups/{group_id}/reaction", body)
        assert self.call("POST", f"/groups/{group_id}/reaction", body) == liked
        said = self.call(
            "POST", f"/groups/{group_id}/reaction", body | {"reactionType": "Comment", "comment": "Thank you"}
        )
        counted = {"referenceId": survey_id, "reactionsCountMap": {"like": 1, "comment": 1}}
        query = f"sourceGroupId={group_id}"
        one = self.call("GET", f"/groups/{group_id}/reaction/{survey_id}/summary?{query}")
        assert one == {"summary": [counted]}
        changes = self.call("GET", f"/groups/{group_id}/reaction/summary?{query}&cursor=0")
        assert changes["summary"] == [counted]
        later = self.call("GET", f"/groups/{group_id}/reaction/summary?{query}&cursor={changes['cursor']}")
        assert later == {"cursor": changes["cursor"], "summary": []}
        found = self.call("GET", f"/groups/{group_id}/reaction/{survey_id}?{query}&reactionType=Comment&cursor=0")
        assert [each["reactionId"] for each in found["reactionDetails"]] == [said["reactionId"]]

    def read_details(self) -> dict[str, Any]:
        """The survey with its questions and answers."""
        group_id, survey_id = self.environment["test-group-id"], self.environment["test-survey-id"]
        found = self.call("GET", f"/groups/{group_id}/actions/{survey_id}?getDetails=true")
        details: dict[str, Any] = found["actionDetails"]
        return details

    def hook(self, receiver: HookReceiver) -> None:
        """The three bodies for webhooks, which are then listed and deleted."""
        kinds = {
            "SubscribeToAllEventsAtGroupLevel": "Group",
            "SubscribeToAllEventsAtActionLevel": "Action",
            "SubscribeToAllEventsAtActionLevelWithActionPackageId": "ActionPackage",
        }
        for title, object_type in kinds.items():
            body = self.official(title) | {"callBackUrl": receiver.url + "/12786un1"}
            self.environment["test-webhook-id"] = webhook_id = self.call("POST", "/webhook", body)["webhookId"]
            query = f"objectId={body['objectId']}&objectType={object_type}"
            [listed] = self.call("GET", f"/webhook?{query}")["webhooks"]
            assert listed["id"] == webhook_id
            assert set(listed["events"]) == set(body["eventTypes"])
            assert listed["callbackContext"] == body["callBackContext"]
            if object_type == "Group":
                self.send_message()
                with receiver.came:
                    assert receiver.came.wait_for(lambda: receiver.deliveries, timeout=60)
                assert receiver.deliveries[0].headers["kz-callback-token"] == body["callBackToken"]
            assert self.call("DELETE", f"/webhook/{webhook_id}") == {}
            assert self.call("GET", f"/webhook?{query}") == {"webhooks": []}


@pytest.fixture
def newcomer(installation: Installation, spec_dir: Path) -> Newcomer:
    return Newcomer(installation, spec_dir)


def test_the_order_runs_from_the_pin_to_reactions(newcomer: Newcomer) -> None:
    newcomer.sign_in()
    newcomer.make_groups()
    newcomer.make_public_group()
    assert newcomer.upload()
    newcomer.send_message()
    media = newcomer.upload()
    newcomer.post_actions(media)
    questions = newcomer.read_details()["questions"]
    assert [one["type"] for one in questions][:3] == ["Text", "SingleOption", "MultiOption"]
    newcomer.answer_survey(media)
    newcomer.answer_action()
    newcomer.answer_job()
    newcomer.react()
    with HookReceiver() as receiver:
        newcomer.hook(receiver)
    change = newcomer.official("Remove subscribers")
    public_id = newcomer.environment["test-public-group-id"]
    removed = newcomer.call("PUT", f"/groups/{public_id}/subscribers/remove", change)
    assert removed == {"result": {THIRD: {"isRemoved": True}}}
