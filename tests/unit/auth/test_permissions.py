from __future__ import annotations

import pytest

from chaupal.auth.permissions import PERMISSIONS, Need, Permission, TokenKind, granted_scope

# In the order of the official answer.
SCOPE = (
    "groupinfo.read,groupinfo.write,groupinfo.remove,groupinfo.update,groupmember.read,groupmember.write,"
    "groupmember.remove,textmessage.read,action.read,action.write,action.update,profile.write,media.read,"
    "webhook.read,webhook.write,webhook.remove,webhook.update"
)

NAMES = {
    Permission.GROUP_INFORMATION: "groupinfo",
    Permission.GROUP_MEMBER_LIST: "groupmember",
    Permission.TEXT_MESSAGE: "textmessage",
    Permission.ACTION_AND_RESPONSES: "action",
    Permission.USER_PROFILE: "profile",
    Permission.MEDIA: "media",
    Permission.OUTGOING_WEBHOOKS: "webhook",
    Permission.TENANT_DATA: None,
    Permission.REACTIONS: None,
}


# "Each call needs the matching one" (contract, section 4); written by hand, so that the table cannot vouch for itself.
PERMISSION_OF = {
    Permission.USER_PROFILE: {
        "users.me",
        "bots.create",
        "bots.list",
        "bots.change",
        "bots.delete",
        "bots.token",
        "bots.revoke",
    },
    Permission.GROUP_INFORMATION: {
        "groups.create",
        "groups.list",
        "groups.get",
        "groups.change",
        "groups.delete",
        "subgroups.list",
        "subgroups.create",
        "subgroups.link",
        "subgroups.unlink",
    },
    Permission.TENANT_DATA: {"groups.find", "tenant.limits"},
    Permission.GROUP_MEMBER_LIST: {
        "groups.leave",
        "members.list",
        "members.add",
        "members.remove",
        "members.change",
        "subscribers.list",
        "subscribers.page",
        "subscribers.add",
        "subscribers.remove",
        "bots.join",
    },
    Permission.TEXT_MESSAGE: {"messages.post", "messages.list", "messages.get", "messages.edit", "messages.retract"},
    Permission.ACTION_AND_RESPONSES: {
        "actions.post",
        "actions.list",
        "actions.get",
        "responses.post",
        "responses.list",
        "actions.change",
        "actions.properties",
        "actions.remind",
        "actions.close",
        "actions.retract",
    },
    Permission.REACTIONS: {
        "reactions.post",
        "reactions.changes",
        "reactions.summary",
        "reactions.details",
        "reactions.remove",
    },
    Permission.MEDIA: {"media.upload", "media.fetch", "media.get"},
    Permission.OUTGOING_WEBHOOKS: {
        "streams.events",
        "streams.sync",
        "webhooks.create",
        "webhooks.list",
        "webhooks.change",
        "webhooks.delete",
        "webhooks.deliveries",
        "webhooks.replay",
        "webhooks.test",
    },
}
FOR_ADMINS = {
    "groups.find",
    "tenant.limits",
    "groups.change",
    "groups.delete",
    "subgroups.create",
    "subgroups.link",
    "subgroups.unlink",
    "members.add",
    "members.remove",
    "members.change",
    "subscribers.list",
    "subscribers.page",
    "subscribers.add",
    "subscribers.remove",
    "bots.change",
    "bots.delete",
    "bots.token",
    "bots.revoke",
    "bots.join",
    "webhooks.create",
    "webhooks.list",
    "webhooks.change",
    "webhooks.delete",
    "webhooks.deliveries",
    "webhooks.replay",
    "webhooks.test",
}
MANAGES_BOTS = {"bots.create", "bots.list", "bots.change", "bots.delete", "bots.token", "bots.revoke"}
NOT_OF_ONE_GROUP = {"groups.find", "tenant.limits", "groups.leave"} | MANAGES_BOTS


class TestGrantedScope:
    def test_all_permissions_give_the_whole_list_in_the_order_of_old(self) -> None:
        assert granted_scope(Permission) == SCOPE
        assert granted_scope(reversed(list(Permission))) == SCOPE

    def test_none_give_none(self) -> None:
        assert granted_scope([]) == ""

    @pytest.mark.parametrize("permission", Permission)
    def test_each_gives_its_own_names(self, permission: Permission) -> None:
        prefix = NAMES[permission]
        own = [name for name in SCOPE.split(",") if prefix is not None and name.startswith(f"{prefix}.")]
        assert granted_scope([permission]) == ",".join(own)
        rest = [name for name in SCOPE.split(",") if name not in own]
        assert granted_scope(other for other in Permission if other is not permission) == ",".join(rest)


class TestPermissions:
    def test_they_are_the_words_of_the_old_portal(self) -> None:
        assert [permission.value for permission in Permission] == [
            "Group Information",
            "Group Member List",
            "Text Message",
            "Action & Responses",
            "User Profile",
            "Media",
            "Outgoing Webhooks",
            "Tenant Data",
            "Reactions",
        ]

    def test_each_call_needs_the_matching_permission(self) -> None:
        for permission in Permission:
            calls = {call for call, entry in PERMISSIONS.items() if entry.permission is permission}
            assert calls == PERMISSION_OF.get(permission, set())

    def test_admins_manage_and_members_post(self) -> None:
        assert {call for call, entry in PERMISSIONS.items() if entry.need is Need.ADMIN} == FOR_ADMINS

    def test_a_group_token_finds_and_leaves_no_group_and_manages_no_bot(self) -> None:
        others = {call for call, entry in PERMISSIONS.items() if TokenKind.GROUP not in entry.kinds}
        assert others == NOT_OF_ONE_GROUP
        assert all(TokenKind.USER in entry.kinds for entry in PERMISSIONS.values())

    def test_a_bot_token_does_what_a_member_does_and_makes_nothing_that_it_would_be_admin_of(self) -> None:
        others = {call for call, entry in PERMISSIONS.items() if TokenKind.BOT not in entry.kinds}
        assert others == FOR_ADMINS | MANAGES_BOTS | {"groups.create"}

    def test_each_call_stands_under_its_name_and_takes_some_token(self) -> None:
        for call, entry in PERMISSIONS.items():
            assert entry.call == call
            assert entry.kinds
