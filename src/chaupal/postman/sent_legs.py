"""The legs about what is sent: media, messages, actions, the answers to them, reactions."""

from __future__ import annotations

from typing import Any

from chaupal.postman.steps import Leg, Step


def _action(title: str, action_type: str, body: Any, **options: Any) -> Step:
    return Step("POST /groups/{groupId}/actions", title, {"actionType": action_type, "actionBody": body}, **options)


def _media(kind: str, *files: str) -> tuple[Step, Step]:
    """Upload, and send."""
    word = kind.lower()
    return (
        Step(
            "POST /media",
            f"Upload {'an album' if len(files) > 1 else word}",
            files=files,
            fills={f"{word}-resource": "answer.mediaResource"},
        ),
        _action(f"Send {word}", kind, {"mediaResource": "{{" + word + "-resource}}", "caption": f"{kind} मेला"}),
    )


MEDIA = Leg(
    "6. Media",
    "Files are uploaded, then sent. Their links work without a token.",
    (
        *_media("Image", "picture.png"),
        *_media("Document", "paper.pdf"),
        *_media("Audio", "sound.wav"),
        *_media("Video", "film.mp4"),
        *_media("Album", "picture.png", "picture-2.png"),
        Step(
            "GET /media/{mediaResource}",
            "What a mediaResource stands for",
            path={"mediaResource": "image-resource"},
            fills={"media-url": "answer.mediaUrl"},
        ),
        Step("GET /media/files/{fileName}", "The file", url="{{media-url}}"),
        Step("HEAD /media/files/{fileName}", "The file's headers", url="{{media-url}}"),
        Step("POST /media/url", "Fetch a file by its URL", {"mediaUrl": "{{media-url}}"}),
    ),
)

MESSAGES = Leg(
    "7. Messages",
    "Texts, with their history.",
    (
        Step(
            "POST /groups/{groupId}/messages",
            "Send a message",
            {"message": "नमस्ते सबको 🙏"},
            headers={"Idempotency-Key": "{{$guid}}"},
            fills={"test-message-id": "answer.referenceId"},
        ),
        Step("PUT /groups/{groupId}/messages/{referenceId}", "Edit it", {"message": "नमस्ते सब लोगों को 🙏"}),
        Step(
            "GET /groups/{groupId}/messages/{referenceId}",
            "Read it",
            holds={"it is the edited one": "answer.message.includes('लोगों')"},
        ),
        Step(
            "POST /groups/{groupId}/messages",
            "Reply to it",
            {"message": "नमस्ते!", "replyToReferenceId": "{{test-message-id}}"},
            fills={"test-reply-id": "answer.referenceId"},
        ),
        Step("GET /groups/{groupId}/messages", "History", query={"count": "20"}),
        Step("DELETE /groups/{groupId}/messages/{referenceId}", "Retract", path={"referenceId": "test-reply-id"}),
    ),
)

ACTIONS = Leg(
    "8. Actions",
    "Cards: each kind is posted, then read.",
    (
        _action("Announcement", "Announcement", {"title": "जल आपूर्ति", "message": "कल सुबह पानी नहीं आएगा।"}),
        _action(
            "Job",
            "Job",
            {"title": "Clean the well", "assignedTo": ["{{mobile-number}}"], "dueDate": 24},
            fills={"test-job-id": "answer.actionId"},
        ),
        _action(
            "Survey",
            "Survey",
            {
                "title": "Water",
                "questions": [
                    {"title": "Water?", "type": "SingleOption", "options": [{"title": "Yes"}, {"title": "No"}]},
                    {"title": "How many litres?", "type": "Numeric", "isOptional": True},
                ],
            },
            fills={"test-survey-id": "answer.actionId"},
        ),
        _action(
            "Poll",
            "Poll",
            {"question": "When?", "choices": [{"title": "Morning"}, {"title": "Evening"}]},
            fills={"test-poll-id": "answer.actionId"},
        ),
        _action(
            "Let's meet",
            "LetsMeet",
            {"title": "Meeting", "startingTime": "{{tomorrow}}", "duration": 45, "agenda": "Water"},
            before='pm.environment.set("tomorrow", new Date(Date.now() + 86400000).toISOString());',
            fills={"test-meeting-id": "answer.actionId"},
        ),
        Step(
            "POST /groups/{groupId}/actions",
            "Custom action",
            {
                "id": "org.example.status.1",
                "actionBody": {
                    "title": "Pump 7",
                    "questions": [{"title": "Remark", "type": "Text", "isOptional": True}],
                    "properties": [{"name": "state", "type": "Text", "value": "running"}],
                },
            },
            fills={"test-action-id": "answer.actionId"},
        ),
        Step("GET /groups/{groupId}/actions", "All actions", query={"count": "30"}),
        Step(
            "GET /groups/{groupId}/actions", "Surveys alone", query={"actionType": "Survey", "fromDate": "1700000000"}
        ),
        Step("GET /groups/{groupId}/actions/{actionId}", "Action details", query={"getDetails": "true"}),
        Step(
            "PUT /groups/{groupId}/actions/{actionId}/properties",
            "Change a property",
            {"version": -1, "updateProperties": [{"name": "state", "type": "Text", "value": "stopped"}]},
            path={"actionId": "test-action-id"},
        ),
        Step(
            "PUT /groups/{groupId}/actions/{actionId}",
            "Change a property, the other way",
            {"version": -1, "updateProperties": [{"name": "state", "type": "Text", "value": "running"}]},
            path={"actionId": "test-action-id"},
        ),
        Step("POST /groups/{groupId}/actions/{actionId}/reminder", "Remind of the survey", {}),
    ),
)

_RESPONSES = "POST /groups/{groupId}/actions/{actionId}/responses"

RESPONSES = Leg(
    "9. Answers",
    "An answer to each kind of card.",
    (
        Step(
            _RESPONSES,
            "Answer the survey",
            {"actionType": "Survey", "actionBody": {"answers": ["Yes", 120]}},
            fills={"test-response-id": "answer.responseId"},
        ),
        Step(
            _RESPONSES,
            "Change the answer",
            {
                "actionType": "Survey",
                "responseId": "{{test-response-id}}",
                "actionBody": {"answers": ["No", 0]},
            },
            holds={"it is the same one": "answer.responseId === pm.environment.get('test-response-id')"},
        ),
        Step(
            _RESPONSES,
            "Complete the job",
            {"actionType": "Job", "actionBody": {"isCompleted": True}},
            path={"actionId": "test-job-id"},
        ),
        Step(
            _RESPONSES,
            "Vote in the poll",
            {"actionType": "Poll", "actionBody": {"choice": "Evening"}},
            path={"actionId": "test-poll-id"},
        ),
        Step(
            _RESPONSES,
            "Accept the meeting",
            {"actionType": "LetsMeet", "actionBody": {"response": "Yes"}},
            path={"actionId": "test-meeting-id"},
        ),
        Step(
            "GET /groups/{groupId}/actions/{actionId}/responses",
            "Answers, a page",
            query={"count": "50"},
            holds={"there is one": "answer.responses.length === 1"},
        ),
    ),
)

REACTIONS = Leg(
    "10. Reactions",
    "Likes and comments on what was sent.",
    (
        Step(
            "POST /groups/{groupId}/reaction",
            "Like the message",
            {"referenceId": "{{test-message-id}}", "sourceGroupId": "{{test-group-id}}", "reactionType": "Like"},
        ),
        Step(
            "POST /groups/{groupId}/reaction",
            "Comment on it",
            {
                "referenceId": "{{test-message-id}}",
                "sourceGroupId": "{{test-group-id}}",
                "reactionType": "Comment",
                "comment": "शुक्रिया",
            },
            fills={"test-reaction-id": "answer.reactionId"},
        ),
        Step(
            "GET /groups/{groupId}/reaction/{referenceId}/summary",
            "Counts of one message",
            query={"sourceGroupId": "{{test-group-id}}"},
            holds={"one like, one comment": "answer.summary[0].reactionsCountMap.like === 1"},
        ),
        Step(
            "GET /groups/{groupId}/reaction/{referenceId}",
            "Comments of one message",
            query={"sourceGroupId": "{{test-group-id}}", "reactionType": "Comment"},
        ),
        Step(
            "GET /groups/{groupId}/reaction/summary",
            "What has changed",
            query={"sourceGroupId": "{{test-group-id}}", "cursor": "0"},
        ),
        Step("DELETE /groups/{groupId}/reaction/{reactionId}", "Take the comment back"),
    ),
)
