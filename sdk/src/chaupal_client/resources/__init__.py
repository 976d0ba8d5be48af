"""What a client can do, by resource. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client._resource import AsyncResource, Resource
from chaupal_client.resources.actions import Actions, AsyncActions
from chaupal_client.resources.bots import AsyncBots, Bots
from chaupal_client.resources.events import AsyncEvents, Events
from chaupal_client.resources.groups import AsyncGroups, Groups
from chaupal_client.resources.media import AsyncMedia, Media
from chaupal_client.resources.members import AsyncMembers, Members
from chaupal_client.resources.messages import AsyncMessages, Messages
from chaupal_client.resources.reactions import AsyncReactions, Reactions
from chaupal_client.resources.responses import AsyncResponses, Responses
from chaupal_client.resources.sign_in import AsyncSignIn, SignIn
from chaupal_client.resources.subgroups import AsyncSubgroups, Subgroups
from chaupal_client.resources.subscribers import AsyncSubscribers, Subscribers
from chaupal_client.resources.tenant import AsyncTenant, Tenant
from chaupal_client.resources.users import AsyncUsers, Users
from chaupal_client.resources.webhooks import AsyncWebhooks, Webhooks


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
