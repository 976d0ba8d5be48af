"""What the API should answer about groups, their hierarchy and their timelines, worked out the plainest way.

It keeps the whole past as lists and asks, for each message, whether every link and membership on the way held at the
moment it was sent. Moments are numbers that only grow. Nothing here is taken from the server.
"""

from __future__ import annotations

from dataclasses import dataclass, field

NEVER = 10**9

Verdict = int
"""A status: 200, or that of the refusal."""


@dataclass
class Stretch:
    """A time in which something held."""

    since: int
    until: int = NEVER

    def holds_at(self, moment: int) -> bool:
        return self.since <= moment < self.until


@dataclass
class Group:
    roles: dict[str, str] = field(default_factory=dict)
    times: dict[str, list[Stretch]] = field(default_factory=dict)
    shows_history: bool = False
    is_deleted: bool = False


@dataclass
class Message:
    group: str
    sender: str
    moment: int
    text: str
    is_edited: bool = False
    is_retracted: bool = False


@dataclass
class Model:
    """People are named by their number, groups and messages by the ids that the server gave."""

    tenant_admin: str
    groups: dict[str, Group] = field(default_factory=dict)
    links: list[tuple[str, str, Stretch]] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    now: int = 0

    # Who may what

    def role(self, person: str, group: str) -> str | None:
        """What the person acts as; None where the group is not there for them."""
        if self.groups[group].is_deleted:
            return None
        return "Admin" if person == self.tenant_admin else self.groups[group].roles.get(person)

    def as_admin(self, person: str, group: str) -> Verdict:
        return {None: 404, "Member": 403, "Admin": 200}[self.role(person, group)]

    def as_member(self, person: str, group: str) -> Verdict:
        return 404 if self.role(person, group) is None else 200

    def loses_last_admin(self, person: str, group: str) -> bool:
        roles = self.groups[group].roles
        return roles[person] == "Admin" and list(roles.values()).count("Admin") == 1

    # The hierarchy

    def parents(self, group: str, moment: int) -> list[str]:
        return sorted(parent for parent, child, held in self.links if child == group and held.holds_at(moment))

    def children(self, group: str, moment: int) -> list[str]:
        return sorted(child for parent, child, held in self.links if parent == group and held.holds_at(moment))

    def above(self, group: str, moment: int) -> set[str]:
        """The group and all above it."""
        return {group}.union(*(self.above(parent, moment) for parent in self.parents(group, moment)))

    def below(self, group: str) -> set[str]:
        """The group and all below it now."""
        return {group}.union(*(self.below(child) for child in self.children(group, self.now)))

    def around(self, person: str) -> set[str]:
        """The groups that are the person's, and what lies above and below them."""
        mine = [name for name, group in self.groups.items() if person in group.roles and not group.is_deleted]
        return set().union(*(self.above(group, self.now) | self.below(group) for group in mine))

    def sees(self, person: str, group: str) -> bool:
        return self.role(person, group) is not None or group in self.around(person)

    def seen_children(self, person: str, group: str) -> list[str]:
        children = self.children(group, self.now)
        if self.role(person, group) is None:
            children = [child for child in children if child in self.around(person)]
        return children

    def tree(self, person: str, group: str) -> list[object]:
        """Each group below with its own below; the second time without."""
        met = {group}

        def walk(parent: str) -> list[object]:
            shown: list[object] = []
            for child in self.children(parent, self.now):
                if self.role(person, group) is None and child not in self.around(person):
                    continue
                is_new = child not in met
                met.add(child)
                shown.append((child, walk(child) if is_new else None))
            return shown

        return walk(group)

    def counts(self, group: str) -> tuple[int, int, int]:
        """Memberships in the tree, different people in it, and members here."""
        rosters = [self.groups[name].roles for name in self.below(group)]
        return sum(map(len, rosters)), len(set().union(*rosters)), len(self.groups[group].roles)

    # Timelines

    def shows(self, person: str, group: str, message: Message) -> bool:
        """Whether the person sees the message through the group."""
        if self.role(person, group) is None or message.group not in self.above(group, message.moment):
            return False
        here = self.groups[group]
        if here.shows_history or person not in here.roles:
            return True
        return any(time.holds_at(message.moment) for time in here.times[person])

    def timeline(self, person: str, group: str) -> list[str]:
        """Ids, newest first."""
        shown = [name for name, message in self.messages.items() if self.shows(person, group, message)]
        return sorted(shown, key=lambda name: -self.messages[name].moment)

    # Changes

    def tick(self) -> int:
        self.now += 1
        return self.now

    def make(self, group: str, *admins: str) -> None:
        self.groups[group] = Group()
        for person in admins:
            self.join(group, person, "Admin")

    def join(self, group: str, person: str, role: str = "Member") -> None:
        here = self.groups[group]
        if person not in here.roles:
            here.roles[person] = role
            here.times.setdefault(person, []).append(Stretch(self.tick()))

    def part(self, group: str, person: str) -> None:
        del self.groups[group].roles[person]
        self.groups[group].times[person][-1].until = self.tick()

    def link(self, parent: str, child: str) -> None:
        if child not in self.children(parent, self.now):
            self.links.append((parent, child, Stretch(self.tick())))

    def unlink(self, parent: str, child: str) -> None:
        for above, below, held in self.links:
            if (above, below) == (parent, child) and held.until == NEVER:
                held.until = self.tick()

    def delete(self, group: str) -> None:
        for parent, child, held in self.links:
            if group in (parent, child) and held.until == NEVER:
                held.until = self.tick()
        self.groups[group].is_deleted = True
