"""What people remove on a platform that asks for it is removed here, too: asked several times a day, in jobs.

A question is asked in one job and its answer fetched in later ones, as a
platform may take minutes over it; each job may be done twice.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from tickets.errors import ConnectorError, CredentialRejected
from tickets.ids import AccountId, Channel, ExternalMessageId
from tickets.notices import NewNotice
from tickets.ports import Clock, Connector, RemovalSource
from tickets.records import Job, NewJob
from tickets.storage import Store

log = logging.getLogger(__name__)

LOOK: Final = "look_removed"
ASK: Final = "ask_removed"
FETCH: Final = "fetch_removed"
EVERY_H = 6
"""A platform may want removals to be followed within 24 hours: so often leaves room for a question that fails."""
PAGE = 5_000
MOST_ASKED = 1_000_000
"""In one question; beyond, the newest names of the next one would be missing, and the log says so."""
ERASED_AT_ONCE = 100
FIRST_LOOK_S = 20.0
LONGEST_WAIT_S = 1_800.0
LOOKS = 14
"""Together about four hours; then the next question has it."""

Erase = Callable[[Channel, AccountId, Sequence[ExternalMessageId]], Awaitable[int]]


class Removals:
    """erase: forgets what messages said, see ``desk.commands.Desk.erase``."""

    def __init__(
        self, store: Store, clock: Clock, connectors: Mapping[AccountId, Connector], erase: Erase
    ) -> None:
        self._store = store
        self._clock = clock
        self._connectors = connectors
        self._erase = erase

    @property
    def kinds(self) -> dict[str, Callable[[Job], Awaitable[None]]]:
        """What does each kind of job."""
        return {LOOK: self._look, ASK: self._ask, FETCH: self._fetch}

    async def _look(self, _job: Job) -> None:
        """One question for each account whose platform wants it."""
        now = self._clock.now()
        wanted = [account for account, one in self._connectors.items() if isinstance(one.source, RemovalSource)]
        await self._store.enqueue_jobs(
            [
                NewJob(ASK, f"{ASK}:{account}:{period(now)}", now, {"account": account})
                for account in sorted(wanted)
            ]
        )

    async def _ask(self, job: Job) -> None:
        account, source = self._source(job)
        names = await self._held(account)
        if not names or source is None:
            return
        try:
            question = await source.ask_removed(names)
        except CredentialRejected as error:  # asking again at once would help nobody
            await self._tell(account, str(error))
            return
        except ConnectorError as error:  # busy with another account's question, perhaps
            await self._again(ASK, job, str(error))
            return
        if question:
            await self._later(FETCH, {"account": account, "question": question, "look": "1"})

    async def _held(self, account: AccountId) -> list[ExternalMessageId]:
        names: list[ExternalMessageId] = []
        while len(names) < MOST_ASKED:
            page = await self._store.list_held(account, names[-1] if names else None, PAGE)
            names += page
            if len(page) < PAGE:
                return names
        log.warning("Only the first million messages of an account are asked about")
        return names

    async def _fetch(self, job: Job) -> None:
        account, source = self._source(job)
        if source is None:
            return
        try:
            gone = await source.fetch_removed(job.payload["question"])
        except ConnectorError as error:
            await self._again(FETCH, job, str(error))
            return
        if gone is None:
            await self._again(FETCH, job, "It has not answered in hours.")
            return
        await self._store.end_notices([_notice_key(account)], self._clock.now())
        channel = self._connectors[account].capabilities.channel
        for at in range(0, len(gone), ERASED_AT_ONCE):
            await self._erase(channel, account, gone[at : at + ERASED_AT_ONCE])

    async def _again(self, kind: str, job: Job, why: str) -> None:
        """Try the same later; after hours of it the team is told, and the next question begins anew."""
        look = int(job.payload.get("look", "0"))
        if look < LOOKS:
            await self._later(kind, {**job.payload, "look": str(look + 1)})
        else:
            await self._tell(AccountId(job.payload["account"]), why)

    async def _later(self, kind: str, payload: dict[str, str]) -> None:
        """Each time after twice as long."""
        now = self._clock.now()
        wait_s = min(LONGEST_WAIT_S, FIRST_LOOK_S * 2 ** (int(payload["look"]) - 1))
        about = payload.get("question") or f"{now:%Y-%m-%dT%H:%M:%S}"
        key = f"{kind}:{payload['account']}:{about}:{payload['look']}"
        await self._store.enqueue_jobs([NewJob(kind, key, now + timedelta(seconds=wait_s), payload)])

    def _source(self, job: Job) -> tuple[AccountId, RemovalSource | None]:
        """None where this account is not configured any more, or its platform does not tell."""
        account = AccountId(job.payload["account"])
        connector = self._connectors.get(account)
        source = connector.source if connector else None
        return account, source if isinstance(source, RemovalSource) else None

    async def _tell(self, account: AccountId, why: str) -> None:
        now = self._clock.now()
        text = (
            f"{account} does not tell which messages their authors removed: {why} The platform wants those to be "
            "removed here within 24 hours, too. It is asked again in a few hours."
        )
        await self._store.raise_notices([NewNotice("removals", _notice_key(account), text, now, account)], now)


def _notice_key(account: AccountId) -> str:
    return f"removals:{account}"


def period(now: datetime) -> str:
    """Names the stretch of a day in which the question is asked once."""
    return f"{now:%Y-%m-%d}T{now.hour // EVERY_H}"
