"""The rules of webhooks: registering, listing, changing, deleting. Source: contract, section 11."""

from __future__ import annotations

import msgspec

from chaupal.actions.bodies.reading import PACKAGE_ID_RULE, is_package_id
from chaupal.auth.access import Access
from chaupal.auth.caller import Caller
from chaupal.auth.sealing import SecretKey
from chaupal.errors import InvalidParameters
from chaupal.outbound.guard import read_url
from chaupal.settings import Settings
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.webhooks.delivering.due_queries import set_due
from chaupal.webhooks.drafts import (
    ChangedBy,
    TooManyWebhooks,
    WebhookDraft,
    changed_target,
    check_draft,
    check_event_types,
    new_target,
)
from chaupal.webhooks.events import webhook_changed, webhook_created, webhook_deleted, webhook_disabled
from chaupal.webhooks.kinds import ACTION_PACKAGE, EXPIRED, Target, open_target
from chaupal.webhooks.queries import (
    WebhookRow,
    close_webhook,
    count_webhooks,
    delete_cursor,
    insert_cursor,
    insert_webhook,
    select_cursor,
    select_webhooks_of_object,
    select_webhooks_of_owner,
    update_webhook,
)
from chaupal.webhooks.rights import Managed, access_object, access_webhook, access_webhook_to_delete

VALID_DAYS = 730
"""Two years, where nothing else is said (contract, section 11)."""

BY_CALLER = "TurnedOff"
"""The reason of a webhook that somebody has disabled by the API."""

_DAY_MS = 86_400_000


class NewWebhook(msgspec.Struct, frozen=True):
    """A webhook to register, once its URL is proved."""

    draft: WebhookDraft
    settings: Settings
    secret_key: SecretKey


def check_may_register(tx: Transaction, caller: Caller, new: NewWebhook) -> None:
    """Raise what `register_webhook` would, so that no URL is called in vain. Reads only."""
    _checked_object(tx, caller, new.draft)
    check_draft(new.draft, is_new=True)
    _check_validity(tx, new.draft)
    _check_room(tx, new.settings)


def register_webhook(tx: Transaction, caller: Caller, new: NewWebhook) -> str:
    """Register a webhook whose URL was proved; its id.

    Raises:
        InvalidParameters, NotFound, Forbidden, TooManyWebhooks.
    """
    draft = new.draft
    managed, object_type, object_id = _checked_object(tx, caller, draft)
    check_draft(draft, is_new=True)
    _check_validity(tx, draft)
    _check_room(tx, new.settings)
    webhook_id = new_id()
    event = webhook_created(webhook_id, group_id=managed.group_id, actor_id=managed.access.user_id)
    position = tx.append(event)
    target = new_target(draft)
    insert_webhook(
        tx,
        WebhookRow(
            webhook_id=webhook_id,
            object_type=object_type,
            object_id=object_id,
            group_id=managed.group_id,
            via_group_id=caller.token.group_id,
            event_types=";".join(check_event_types(draft.event_types or [])),
            sealed_target=target.sealed(new.secret_key),
            host=host_of(target.url),
            connector_id=managed.access.connector_id,
            owner_id=managed.access.user_id,
            from_position=position,
            created_at_ms=tx.now_ms,
            valid_until_ms=draft.valid_until_ms or tx.now_ms + VALID_DAYS * _DAY_MS,
            disabled_at_ms=None,
            disabled_reason="",
            failing_since_ms=None,
            last_success_at_ms=0,
            failing_told_at_ms=None,
        ),
    )
    if select_cursor(tx) is None:
        insert_cursor(tx, position)
    return webhook_id


def _checked_object(tx: Transaction, caller: Caller, draft: WebhookDraft) -> tuple[Managed, str, str]:
    object_type, object_id = draft.object_type or "", draft.object_id or ""
    managed = access_object(tx, caller, object_type=object_type, object_id=object_id)
    _check_package(object_type, object_id)
    return managed, object_type, object_id


def _check_package(object_type: str, object_id: str) -> None:
    """A package need not be there yet, but something must be able to be called so."""
    if object_type == ACTION_PACKAGE and not is_package_id(object_id):
        raise InvalidParameters(field="objectId", value=object_id, rule=PACKAGE_ID_RULE)


def _check_validity(tx: Transaction, draft: WebhookDraft) -> None:
    """Nothing would ever be sent to a new webhook that has run out, and nobody be told. 0 is the usual time.

    A change may bring one along: programs send back what they have read, to enable it for another two years.
    """
    if draft.valid_until_ms and draft.valid_until_ms <= tx.now_ms:
        raise InvalidParameters(field="validity", value=draft.valid_until_ms, rule="must lie in the future")


def _check_room(tx: Transaction, settings: Settings) -> None:
    limit = settings.webhooks_per_tenant
    if limit and count_webhooks(tx) >= limit:
        raise TooManyWebhooks(limit=limit)


def host_of(url: str) -> str:
    """Host and port, by which calls to one machine are counted."""
    checked = read_url(url)
    return f"{checked.host}:{checked.port}"


class ShownWebhook(msgspec.Struct, frozen=True):
    """A webhook with what it calls. `token` and `alert_email` are "" for connectors that have not given them."""

    row: WebhookRow
    target: Target
    token: str
    alert_email: str
    is_active: bool


class WebhooksOf(msgspec.Struct, frozen=True):
    """Whose webhooks: of an object, or with "" those that the caller made."""

    object_type: str
    object_id: str
    secret_key: SecretKey


def list_webhooks(tx: Transaction, caller: Caller, which: WebhooksOf) -> list[ShownWebhook]:
    """The webhooks of an object, oldest first, or the caller's own.

    Raises:
        NotFound, Forbidden.
    """
    if not which.object_id:
        managed = access_object(tx, caller, object_type="ActionPackage", object_id="")
        rows = select_webhooks_of_owner(tx, managed.access.user_id)
        rows = [row for row in rows if row.via_group_id == caller.token.group_id]
    else:
        rows, managed = _webhooks_of_object(tx, caller, which)
    return [_shown(tx, row, managed.access, which.secret_key) for row in rows]


def _webhooks_of_object(tx: Transaction, caller: Caller, which: WebhooksOf) -> tuple[list[WebhookRow], Managed]:
    managed = access_object(tx, caller, object_type=which.object_type, object_id=which.object_id)
    rows = select_webhooks_of_object(tx, which.object_type, which.object_id)
    if not managed.group_id and not managed.access.is_tenant_admin:
        own = (managed.access.user_id, caller.token.group_id)
        rows = [row for row in rows if (row.owner_id, row.via_group_id) == own]
    return rows, managed


def _shown(tx: Transaction, row: WebhookRow, access: Access, secret_key: SecretKey) -> ShownWebhook:
    target, viewer = open_target(row.sealed_target, secret_key), access.connector_id
    return ShownWebhook(
        row=row,
        target=target,
        token=target.token if target.is_of(viewer, "token", own_id=row.connector_id) else "",
        alert_email=target.alert_email if target.is_of(viewer, "alert_email", own_id=row.connector_id) else "",
        is_active=row.is_active(tx.now_ms),
    )


class WebhookChange(msgspec.Struct, frozen=True):
    """What to change of a webhook; what is None in the draft stays."""

    webhook_id: str
    draft: WebhookDraft
    secret_key: SecretKey


def find_target_to_prove(tx: Transaction, caller: Caller, change: WebhookChange) -> Target | None:
    """The target as it would be, where the change has another URL, after everything else about the change was checked;
    else None. Reads only."""
    webhook, managed = access_webhook(tx, caller, change.webhook_id)
    _check_change(tx, caller, webhook, change.draft)
    before, after = _targets(tx, webhook, managed, change)
    return after if after.url != before.url else None


def _targets(tx: Transaction, webhook: WebhookRow, managed: Managed, change: WebhookChange) -> tuple[Target, Target]:
    """The secret part before and after a change."""
    before = open_target(webhook.sealed_target, change.secret_key)
    by = ChangedBy(managed.access.connector_id, webhook.connector_id)
    return before, changed_target(before, change.draft, by, now_ms=tx.now_ms)


def change_webhook(tx: Transaction, caller: Caller, change: WebhookChange) -> None:
    """Change a webhook, or enable or disable it. Whoever does it is from then on whom it acts for.

    Raises:
        InvalidParameters, NotFound, Forbidden.
    """
    tx.lock_beside()
    webhook, managed = access_webhook(tx, caller, change.webhook_id)
    draft = change.draft
    managed = _check_change(tx, caller, webhook, draft) or managed
    _, target = _targets(tx, webhook, managed, change)
    types = webhook.event_types if draft.event_types is None else ";".join(check_event_types(draft.event_types))
    changed = webhook._replace(
        object_type=draft.object_type or webhook.object_type,
        object_id=draft.object_id or webhook.object_id,
        group_id=managed.group_id,
        via_group_id=caller.token.group_id,
        event_types=types,
        sealed_target=target.sealed(change.secret_key),
        host=host_of(target.url),
        connector_id=managed.access.connector_id,
        owner_id=managed.access.user_id,
        valid_until_ms=draft.valid_until_ms or webhook.valid_until_ms,
    )
    is_renewed = webhook.disabled_reason == EXPIRED and (draft.valid_until_ms or 0) > tx.now_ms
    is_active = True if is_renewed and draft.is_active is None else draft.is_active
    changed = _with_activity(tx, changed, is_active=is_active)
    event = webhook_disabled if changed.disabled_at_ms and not webhook.disabled_at_ms else None
    place = {"group_id": changed.group_id, "actor_id": managed.access.user_id}
    if event is not None:
        tx.append(event(changed.webhook_id, **place, reason=BY_CALLER, owner_id=changed.owner_id))
    else:
        tx.append(webhook_changed(changed.webhook_id, **place))
    update_webhook(tx, changed)
    # Enabled, there may be something to send; disabled, what waits is to be set aside.
    set_due(tx, [changed.webhook_id], tx.now_ms)


def _check_change(tx: Transaction, caller: Caller, webhook: WebhookRow, draft: WebhookDraft) -> Managed | None:
    """Check it; the new object's group where the object changes."""
    check_draft(draft, is_new=False)
    if draft.object_type is None and draft.object_id is None:
        return None
    object_type = draft.object_type or webhook.object_type
    if draft.object_id == "" or (draft.object_id is None and object_type != webhook.object_type):
        # The id of a group is no package's name: the webhook would never hear anything again.
        rule = "must not be empty, and go along with another objectType"
        raise InvalidParameters(field="objectId", value="", rule=rule)
    object_id = draft.object_id or webhook.object_id
    managed = access_object(tx, caller, object_type=object_type, object_id=object_id)
    _check_package(object_type, object_id)
    return managed


def _with_activity(tx: Transaction, row: WebhookRow, *, is_active: bool | None) -> WebhookRow:
    if is_active is None:
        return row
    if not is_active:
        return row if row.disabled_at_ms else row._replace(disabled_at_ms=tx.now_ms, disabled_reason=BY_CALLER)
    # What failed before does not count against it any more.
    valid_until_ms = row.valid_until_ms if row.valid_until_ms > tx.now_ms else tx.now_ms + VALID_DAYS * _DAY_MS
    return row._replace(
        disabled_at_ms=None,
        disabled_reason="",
        failing_since_ms=None,
        failing_told_at_ms=None,
        last_success_at_ms=tx.now_ms if row.disabled_at_ms else row.last_success_at_ms,
        valid_until_ms=valid_until_ms,
    )


def delete_webhook(tx: Transaction, caller: Caller, webhook_id: str) -> None:
    """Delete a webhook; nothing more is sent to it. Its deliveries go with the sweep.

    Raises:
        NotFound, Forbidden.
    """
    webhook, managed = access_webhook_to_delete(tx, caller, webhook_id)
    tx.append(webhook_deleted(webhook_id, group_id=webhook.group_id, actor_id=managed.access.user_id))
    close_webhook(tx, webhook_id)
    if count_webhooks(tx) == 0:
        delete_cursor(tx)


def find_log_needed(tx: Transaction) -> int | None:
    """The position whose event must stay in the log, with all after it; None where no webhook needs any. Inside tx."""
    return select_cursor(tx)
