"""What the API should answer about a public group, its subscribers and its messages, worked out the plainest way.

Beside `hierarchy_model`, whose groups are linked: a public group never is. Nothing here is taken from the server.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.api.hierarchy_model import Stretch, Verdict

SEEN_BY = {
    "Admin": {"everyone", "members", "admins", "listed"},
    "Member": {"everyone", "members"},
    "Subscriber": {"everyone"},
}
"""The audiences that each role sees, of what was sent while the person was in the group in any role."""


@dataclass
class Message:
    moment: int
    text: str
    sender: str
    audience: str
    recipients: frozenset[str] = frozenset()


@dataclass
class PublicModel:
    """One public group. People are named by their number, messages by the ids that the server gave."""

    tenant_admin: str
    roles: dict[str, str] = field(default_factory=dict)
    times: dict[str, list[Stretch]] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    shows_history: bool = False
    now: int = 0

    def role(self, person: str) -> str | None:
        """What the person acts as; None where the group is not there for them."""
        return self.roles.get(person, "Admin" if person == self.tenant_admin else None)

    def acts_as(self, person: str) -> str | None:
        """The same, where the organization's admin is one in every group."""
        return "Admin" if person == self.tenant_admin else self.role(person)

    def as_one_of(self, person: str, *roles: str) -> Verdict:
        role = self.acts_as(person)
        return 404 if role is None else 200 if role in roles else 403

    def loses_last_admin(self, person: str) -> bool:
        return self.roles[person] == "Admin" and list(self.roles.values()).count("Admin") == 1

    def with_role(self, *roles: str) -> list[str]:
        return [person for person, role in self.roles.items() if role in roles]

    def shows(self, person: str, message: Message) -> bool:
        role = self.acts_as(person)
        if role is None:
            return False
        if person in message.recipients:
            return True
        if message.audience not in SEEN_BY[role]:
            return False
        sees_all = self.shows_history or person not in self.roles
        return sees_all or any(time.holds_at(message.moment) for time in self.times[person])

    def timeline(self, person: str) -> list[str]:
        """Ids, newest first."""
        shown = [name for name, message in self.messages.items() if self.shows(person, message)]
        return sorted(shown, key=lambda name: -self.messages[name].moment)

    def audience_of(self, person: str, named: list[str] | None, *, to_all: bool) -> tuple[Verdict, str, list[str]]:
        """(status, audience, those who are named) of a message."""
        role = self.acts_as(person)
        if role is None:
            return 404, "", []
        if (named is not None or to_all) and role != "Admin":
            return 403, "", []
        if role == "Subscriber":
            return 200, "admins", [person]
        if named is None:
            return 200, "everyone" if to_all else "members", []
        known = [each for each in named if self.roles.get(each) == "Subscriber"]
        return 200 if known else 400, "listed", known

    def tick(self) -> int:
        self.now += 1
        return self.now

    def join(self, person: str, role: str) -> None:
        """Whoever is there stays; but a subscriber may become a member."""
        before = self.roles.get(person)
        if before == "Subscriber" and role != "Subscriber":
            self.part(person)
        if person not in self.roles:
            self.roles[person] = role
            self.times.setdefault(person, []).append(Stretch(self.tick()))

    def part(self, person: str) -> None:
        del self.roles[person]
        self.times[person][-1].until = self.tick()
