"""Numbers in the documents are the code's: each is named here with the constant or setting that it comes from."""

from __future__ import annotations

import pytest

from chaupal.actions import limits as action_limits
from chaupal.actions import reading as action_reading
from chaupal.actions import routes as action_routes
from chaupal.auth import signing
from chaupal.connectors import rules as connectors
from chaupal.groups import rules as groups
from chaupal.groups import seeing
from chaupal.jobs import sweeps
from chaupal.logs import shows_calls
from chaupal.media import intake, pictures
from chaupal.members import rules as members
from chaupal.messages import routes as message_routes
from chaupal.messages import rules as messages
from chaupal.oauth import rules as oauth
from chaupal.people import rules as people
from chaupal.quotes import rules as quotes
from chaupal.serving import pages as health
from chaupal.serving import replies
from chaupal.serving import request as serving
from chaupal.settings import Settings
from chaupal.store import sqlite
from chaupal.store.pace import Pace
from chaupal.subgroups import linking, unique_counts
from chaupal.subgroups import rules as subgroups
from chaupal.tokens import pins
from chaupal.tokens import rules as tokens
from chaupal.webhooks import drafts, history_routes, proving
from chaupal.webhooks import rules as webhooks
from chaupal.webhooks import shapes as webhook_shapes
from chaupal.webhooks.delivering import claiming, forgetting, sending
from chaupal.wire import tolerant
from tests.docs.pages import README, page

SETTINGS = Settings()
ACTIONS = "docs/api/actions.md"
CONVENTIONS, TOKENS = "docs/api/conventions.md", "docs/api/tokens.md"
OAUTH = "docs/api/oauth.md"
MEDIA = "docs/api/media.md"
GROUPS, MEMBERS, MESSAGES = "docs/api/groups.md", "docs/api/members.md", "docs/api/messages.md"
WEBHOOKS, RECEIVING = "docs/api/webhooks.md", "docs/webhooks.md"
BOTS, SUBGROUPS = "docs/api/bots.md", "docs/api/subgroups.md"

SENTENCES = [
    (CONVENTIONS, f"up to {SETTINGS.body_max_bytes:,} bytes"),
    (CONVENTIONS, f"one that is not JSON up to {tolerant.TEXT_CHARS_MOST // 1024} kB"),
    (CONVENTIONS, f"nest {tolerant.DEPTH_MOST} levels deep"),
    (CONVENTIONS, f"up to {serving._KEY_MAX_CHARS} printable characters"),
    (CONVENTIONS, f"for {SETTINGS.idempotency_keep_days} days"),
    (CONVENTIONS, f"| {SETTINGS.connector_calls_per_min:,} a minute | `CHAUPAL_CONNECTOR_CALLS_PER_MIN`"),
    (CONVENTIONS, f"| {SETTINGS.tenant_calls_per_min:,} a minute | `CHAUPAL_TENANT_CALLS_PER_MIN`"),
    (CONVENTIONS, f"| {SETTINGS.access_token_calls_per_min:,} a minute | `CHAUPAL_ACCESS_TOKEN_CALLS_PER_MIN`"),
    (CONVENTIONS, f"| {SETTINGS.pins_per_hour_number} an hour | `CHAUPAL_PINS_PER_HOUR_NUMBER`"),
    (CONVENTIONS, f"| {SETTINGS.pins_per_hour_connector} an hour | `CHAUPAL_PINS_PER_HOUR_CONNECTOR`"),
    (CONVENTIONS, f"| {SETTINGS.wrong_pins_per_day_number} a day | `CHAUPAL_WRONG_PINS_PER_DAY_NUMBER`"),
    (CONVENTIONS, f"| {SETTINGS.wrong_pins_per_day_address} a day | `CHAUPAL_WRONG_PINS_PER_DAY_ADDRESS`"),
    (CONVENTIONS, f"| {SETTINGS.sign_in_forms_per_min_address} a minute | `CHAUPAL_SIGN_IN_FORMS_PER_MIN_ADDRESS`"),
    (OAUTH, f"within {oauth.CODE_LIFE_S} seconds, once"),
    (OAUTH, f"at most {connectors.REDIRECT_URL_MAX_CHARS:,} characters"),
    (OAUTH, f"has up to {connectors.REDIRECT_URLS_MAX}."),
    (OAUTH, f"reached {tokens._RENEW_AT:.0%} of its life".replace("%", " %")),
    (TOKENS, f"works for {SETTINGS.refresh_token_life_days} days"),
    (TOKENS, f"works for {SETTINGS.pin_life_s // 60} minutes"),
    (TOKENS, f"for {SETTINGS.pin_life_s // 60} minutes from the first"),
    (TOKENS, f"{SETTINGS.access_token_life_s // 3600} hours ahead"),
    (TOKENS, f"works {signing.GRACE_S // 60} minutes longer"),
    (TOKENS, f"reached {tokens._RENEW_AT:.0%} of its life".replace("%", " %")),
    (TOKENS, f"16 to {tokens._REFRESH_TOKEN_MAX_CHARS:,} characters"),
    (TOKENS, f"of up to {connectors._ID_MAX_CHARS} characters each"),
    (TOKENS, f"up to {pins._FIRST_WAITS_MS[-1] // 60_000} minutes"),
    (GROUPS, f"1 to {groups.NAME_MAX_CHARS} characters"),
    (GROUPS, f"up to {groups.WELCOME_MAX_CHARS:,} characters"),
    (GROUPS, f"may name {groups.MEMBERS_AT_CREATION_MAX} people"),
    (GROUPS, f"1 to {seeing.FOUND_AT_ONCE_MAX}; {seeing.FOUND_AT_ONCE_MAX} if left out"),
    (GROUPS, f"URL of up to {groups._URL_MAX_CHARS:,} characters"),
    (GROUPS, f"up to {unique_counts.KEPT_US // 1_000_000} s old"),
    (GROUPS, f"More than {seeing.PAGE_MAX:,} groups"),
    (SUBGROUPS, f"{linking.LEVELS_MAX} levels deep"),
    (SUBGROUPS, f"| levels below the highest group | {linking.LEVELS_MAX} |"),
    (SUBGROUPS, f"| groups directly above a group | {linking.PARENTS_MAX} |"),
    (SUBGROUPS, f"| groups above a group, in all | {linking.ABOVE_MAX} |"),
    (SUBGROUPS, f"| groups below a group, in all | {linking.BELOW_MAX:,} |"),
    (SUBGROUPS, f"ids of up to {subgroups.LINKED_AT_ONCE_MAX} groups"),
    (MEMBERS, f"up to {members.ADDED_AT_ONCE_MAX:,} mobile numbers"),
    (MEMBERS, f"1 to {members.PAGE_MAX:,}; all if both are left out"),
    (MESSAGES, f"1 to {messages.TEXT_MAX_CHARS:,} characters"),
    (MEDIA, f"up to {SETTINGS.media_max_mb} MB (`CHAUPAL_MEDIA_MAX_MB`"),
    (MEDIA, f"up to {intake.FILES_MAX} files"),
    (MEDIA, f"up to {pictures.PIXELS_MAX // 1_000_000} million pixels"),
    (MEDIA, f"above {pictures._DECODED_PIXELS_MAX // 1_000_000} million pixels"),
    (MEDIA, f"longer side has {pictures.THUMBNAIL_PX} pixels"),
    (MEDIA, f"after {SETTINGS.media_orphan_keep_days} days (`CHAUPAL_MEDIA_ORPHAN_KEEP_DAYS`)"),
    (MEDIA, f"within {SETTINGS.media_fetch_timeout_s} seconds"),
    (MESSAGES, f"1 to {messages.PAGE_MAX}; {message_routes._DEFAULT_COUNT} if left out"),
    (BOTS, f"1 to {people.NAME_MAX_CHARS} characters"),
    (BOTS, f"{SETTINGS.bots_per_creator} of one person (`CHAUPAL_BOTS_PER_CREATOR`)"),
    (BOTS, f"{SETTINGS.bots_per_tenant:,} in one organization (`CHAUPAL_BOTS_PER_TENANT`)"),
    (BOTS, f"{SETTINGS.access_token_life_s // 3600} hours ahead"),
    (ACTIONS, f"up to {action_limits.CONTENT_MAX_BYTES:,} bytes"),
    (ACTIONS, f"titles up to {action_limits.TITLE_MAX_CHARS:,} characters"),
    (ACTIONS, f"other texts up to {action_limits.TEXT_MAX_CHARS:,}"),
    (ACTIONS, f"up to {action_limits.ASSIGNEES_MAX:,} mobile numbers"),
    (ACTIONS, f"`choices`: {action_limits.CHOICES_MIN} to {action_limits.CHOICES_MAX},"),
    (ACTIONS, f"`expiryInHours` ({action_limits.DEFAULT_POLL_HOURS})"),
    (ACTIONS, f"`DurationInMins` ({action_limits.DEFAULT_MEETING_MIN})"),
    (ACTIONS, f"`dueDate` ({action_limits.DEFAULT_DUE_HOURS} hours)"),
    (ACTIONS, f"`questions`: 1 to {action_limits.QUESTIONS_MAX},"),
    (ACTIONS, f"`items`: 1 to {action_limits.ITEMS_MAX},"),
    (ACTIONS, f"up to {action_limits.LIVE_MAX_MIN} ({action_limits.DEFAULT_LIVE_MIN})"),
    (ACTIONS, f"`MediaResources`: up to {action_limits.MEDIA_MAX} "),
    (ACTIONS, f"up to {action_limits.PARTS_MAX} pages"),
    (ACTIONS, f"up to {action_limits.PROPERTIES_MAX} of"),
    (ACTIONS, f"value of up to {action_limits.PROPERTY_MAX_CHARS:,} characters"),
    (ACTIONS, f"1 to {action_reading.PAGE_MAX}; {action_routes._DEFAULT_COUNT} if left out"),
    (WEBHOOKS, f"| {SETTINGS.webhooks_per_tenant:,} in one organization"),
    (WEBHOOKS, f"may have {SETTINGS.webhook_proofs_per_min} URLs proved a minute"),
    (WEBHOOKS, f"must come within {proving.PROOF_TIMEOUT_S} seconds"),
    (WEBHOOKS, f"up to {drafts.TOKEN_MAX_CHARS:,} characters"),
    (WEBHOOKS, f"up to {drafts.CONTEXT_MAX_BYTES:,} bytes of JSON"),
    (WEBHOOKS, f"up to {drafts.HEADERS_MAX} headers"),
    (WEBHOOKS, f"{drafts.SECRET_BYTES[0]} to {drafts.SECRET_BYTES[1]} bytes"),
    (WEBHOOKS, f"signs along for {drafts.ROTATION_HOURS} hours"),
    (WEBHOOKS, f"{webhooks.VALID_DAYS} days from now"),
    (WEBHOOKS, f"ids of up to {drafts.EVENTS_AT_ONCE_MAX:,} events"),
    (WEBHOOKS, f"1 to {webhook_shapes.DELIVERIES_MAX}; {history_routes._DEFAULT_COUNT} if left out"),
    (WEBHOOKS, f"the first {sending.ANSWER_KEPT_CHARS:,} characters"),
    (RECEIVING, f"within {SETTINGS.webhook_timeout_s} seconds"),
    (RECEIVING, f"At most {claiming.LANES_MAX} calls"),
    (RECEIVING, f"after {SETTINGS.webhook_keep_days} days (`CHAUPAL_WEBHOOK_KEEP_DAYS`)"),
    (RECEIVING, f"skipped ones after {forgetting.SKIPPED_KEEP_DAYS}"),
    (MESSAGES, f"the first {quotes.TEXT_SHOWN_CHARS} characters"),
    ("docs/events.md", f"reaches back {SETTINGS.event_log_keep_days} days"),
    ("docs/operate/health-and-logs.md", f"within {health._READY_TIMEOUT_S} s"),
    ("docs/operate/health-and-logs.md", f"within {SETTINGS.stop_grace_s} s"),
    ("docs/operate/health-and-logs.md", f"kept {sweeps.FAILED_JOBS_KEEP_DAYS} days"),
    ("ARCHITECTURE.md", f"at most {Pace().batch_max_rules} rules or {Pace().batch_max_s * 1000:.0f} ms"),
    ("docs/operate/backups.md", "SQLite up to 3.51.2"),
]


class TestStatements:
    """What the documents say plainly because it is not as one would expect; when it changes, they have to."""

    def test_application_ids_are_compared_without_their_scale_unit(self) -> None:
        shown = " ".join(page(CONVENTIONS).text.split())
        long_hex = "0123456789ABCDEF"
        is_dropped = connectors.fold_application_id(f"{long_hex}@2") == long_hex.lower()
        assert ("with or without a scale unit" in shown) == is_dropped

    def test_lines_of_calls_are_left_out_above_info(self) -> None:
        shown = " ".join(page("docs/operate/health-and-logs.md").text.split())
        levels = [level for level in ("warning", "error") if not shows_calls(Settings(log_level=level))]
        assert levels == ["warning", "error"]
        assert f"with `{levels[0]}` or `{levels[1]}` the lines of calls, too" in shown
        assert shows_calls(Settings())

    def test_browsers_may_read_the_headers_that_are_named(self) -> None:
        shown = " ".join(page(CONVENTIONS).text.split())
        for name in replies._EXPOSED.decode().split(", "):
            assert f"`{name}`" in shown

    def test_renewal_is_at_most_once_a_day(self) -> None:
        is_daily = tokens._RENEW_AGAIN_AFTER_MS == 86_400_000
        assert ("at most once a day" in " ".join(page(TOKENS).text.split())) == is_daily


class TestNumbers:
    @pytest.mark.parametrize(("name", "sentence"), SENTENCES)
    def test_each_is_the_codes(self, name: str, sentence: str) -> None:
        assert sentence in " ".join(page(name).text.split())

    def test_the_versions_of_sqlite_that_lose_data(self) -> None:
        assert sqlite.OLDEST_SAFE_SQLITE == (3, 51, 3), "docs/operate/backups.md and ARCHITECTURE.md say up to 3.51.2"

    def test_whether_kaizalas_own_refresh_tokens_fit(self) -> None:
        """They were JWTs of 600 to 1,200 characters."""
        fit = tokens._REFRESH_TOKEN_MAX_CHARS >= 2_000
        assert ("Kaizala's own were longer" in " ".join(README.text.split())) != fit
        assert ("Kaizala's own were longer" in " ".join(page(TOKENS).text.split())) != fit

    def test_the_wait_begins_with_the_third_wrong_pin(self) -> None:
        assert [wait > 0 for wait in pins._FIRST_WAITS_MS[:3]] == [False, False, True], "docs/api/tokens.md says so"
