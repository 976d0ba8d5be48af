"""What a client can do, by resource. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client._resource import AsyncResource, Resource
from chaupal_client.resources.actions import Actions
from chaupal_client.resources.async_actions import AsyncActions
from chaupal_client.resources.async_bots import AsyncBots
from chaupal_client.resources.async_events import AsyncEvents
from chaupal_client.resources.async_groups import AsyncGroups
from chaupal_client.resources.async_media import AsyncMedia
from chaupal_client.resources.async_members import AsyncMembers
from chaupal_client.resources.async_messages import AsyncMessages
from chaupal_client.resources.async_reactions import AsyncReactions
from chaupal_client.resources.async_responses import AsyncResponses
from chaupal_client.resources.async_sign_in import AsyncSignIn
from chaupal_client.resources.async_subgroups import AsyncSubgroups
from chaupal_client.resources.async_subscribers import AsyncSubscribers
from chaupal_client.resources.async_tenant import AsyncTenant
from chaupal_client.resources.async_users import AsyncUsers
from chaupal_client.resources.async_webhooks import AsyncWebhooks
from chaupal_client.resources.bots import Bots
from chaupal_client.resources.events import Events
from chaupal_client.resources.groups import Groups
from chaupal_client.resources.media import Media
from chaupal_client.resources.members import Members
from chaupal_client.resources.messages import Messages
from chaupal_client.resources.reactions import Reactions
from chaupal_client.resources.responses import Responses
from chaupal_client.resources.sign_in import SignIn
from chaupal_client.resources.subgroups import Subgroups
from chaupal_client.resources.subscribers import Subscribers
from chaupal_client.resources.tenant import Tenant
from chaupal_client.resources.users import Users
from chaupal_client.resources.webhooks import Webhooks


class Resources(Resource):
    """Every resource."""

    @property
    def actions(self) -> Actions:
        return Actions(self._session, self._driver)

    @property
    def bots(self) -> Bots:
        return Bots(self._session, self._driver)

    @property
    def events(self) -> Events:
        return Events(self._session, self._driver)

    @property
    def groups(self) -> Groups:
        return Groups(self._session, self._driver)

    @property
    def media(self) -> Media:
        return Media(self._session, self._driver)

    @property
    def members(self) -> Members:
        return Members(self._session, self._driver)

    @property
    def messages(self) -> Messages:
        return Messages(self._session, self._driver)

    @property
    def reactions(self) -> Reactions:
        return Reactions(self._session, self._driver)

    @property
    def responses(self) -> Responses:
        return Responses(self._session, self._driver)

    @property
    def sign_in(self) -> SignIn:
        return SignIn(self._session, self._driver)

    @property
    def subgroups(self) -> Subgroups:
        return Subgroups(self._session, self._driver)

    @property
    def subscribers(self) -> Subscribers:
        return Subscribers(self._session, self._driver)

    @property
    def tenant(self) -> Tenant:
        return Tenant(self._session, self._driver)

    @property
    def users(self) -> Users:
        return Users(self._session, self._driver)

    @property
    def webhooks(self) -> Webhooks:
        return Webhooks(self._session, self._driver)


class AsyncResources(AsyncResource):
    """Every resource."""

    @property
    def actions(self) -> AsyncActions:
        return AsyncActions(self._session, self._driver)

    @property
    def bots(self) -> AsyncBots:
        return AsyncBots(self._session, self._driver)

    @property
    def events(self) -> AsyncEvents:
        return AsyncEvents(self._session, self._driver)

    @property
    def groups(self) -> AsyncGroups:
        return AsyncGroups(self._session, self._driver)

    @property
    def media(self) -> AsyncMedia:
        return AsyncMedia(self._session, self._driver)

    @property
    def members(self) -> AsyncMembers:
        return AsyncMembers(self._session, self._driver)

    @property
    def messages(self) -> AsyncMessages:
        return AsyncMessages(self._session, self._driver)

    @property
    def reactions(self) -> AsyncReactions:
        return AsyncReactions(self._session, self._driver)

    @property
    def responses(self) -> AsyncResponses:
        return AsyncResponses(self._session, self._driver)

    @property
    def sign_in(self) -> AsyncSignIn:
        return AsyncSignIn(self._session, self._driver)

    @property
    def subgroups(self) -> AsyncSubgroups:
        return AsyncSubgroups(self._session, self._driver)

    @property
    def subscribers(self) -> AsyncSubscribers:
        return AsyncSubscribers(self._session, self._driver)

    @property
    def tenant(self) -> AsyncTenant:
        return AsyncTenant(self._session, self._driver)

    @property
    def users(self) -> AsyncUsers:
        return AsyncUsers(self._session, self._driver)

    @property
    def webhooks(self) -> AsyncWebhooks:
        return AsyncWebhooks(self._session, self._driver)
