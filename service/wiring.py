"""One package handed to another: every part of the program, made and joined, nothing started."""

import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from connectors.context import ConnectorContext, Spoken
from connectors.http.beat import send_beat
from connectors.http.hooks import call_hook
from connectors.registry import capabilities_of, make_connector
from desk.access import Access
from desk.challenging import IdentityChecks
from desk.commands import Desk
from desk.frame import Routing
from desk.sign_in import SignIn
from desk.sweeping import Sweeper
from desk.writing import PREPARED_VALUES
from normalizer.known import NOTHING_KNOWN, Known
from responders.compose import COMMAND_VALUES, COMMANDS, Limits, Notices, languages_of, menu_of, said_in
from responders.outbox import Outbox
from responders.proof import Prover
from responders.templates import ReplyTemplates
from router.categories import Classifier
from router.decision import Decider, Flood, Policy
from router.entities import EntityRules
from router.intake import Intake
from router.language import LanguageRecognizer
from router.rules import rule_table
from router.sorting import KNOWN, Sorter
from router.vips import Vips
from service.checking import Checking, checkers_of
from service.config import Config
from service.incidents import IncidentWatch
from service.jobs import JobRunner
from service.keys import secret_key
from service.learning import Learning
from service.parsers import Parsers
from service.routing import categories_of, clocks_of, teams_of, triggers_of, weights_of
from service.ruling import Hook, Ruling
from service.spending import spending_of
from service.watch import Watch
from store.sql import open_store
from tickets.demands import demands_of
from tickets.errors import ConfigError, StoreError
from tickets.feeds import Feed, feed_name
from tickets.ids import AccountId, Channel, ThreadKey
from tickets.model import ReplyTarget
from tickets.notices import NewNotice
from tickets.ports import Bucket, Clock, Connector, CrashHook, TypingSender
from tickets.storage import Store

log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
SECRET_BYTES = 32
MOST_CONVERSATIONS = 2_000
"""So many a connector may look through again after an outage; older ones have long been quiet."""


class Parts(NamedTuple):
    """The program's parts."""

    store: Store
    connectors: dict[AccountId, Connector]
    languages: LanguageRecognizer
    parsers: Parsers
    intake: Intake
    outbox: Outbox
    prover: Prover
    sweeper: Sweeper
    incidents: IncidentWatch
    learning: Learning
    jobs: JobRunner
    desk: Desk
    access: Access
    holder: str


def make_store(config: Config, crash: CrashHook) -> Store:
    """Raises ConfigError.  Does not connect."""
    return open_store(config.database, secret_key(config.secret_key, config.data_dir), crash=crash)


def make_connectors(config: Config, store: Store, clock: Clock, crash: CrashHook) -> dict[AccountId, Connector]:
    """One connector for each configured account.  Raises ConfigError for a library that is missing."""
    spoken = _spoken(_own_texts(config))
    return {
        account: make_connector(
            one.channel,
            one.settings,
            make_context(account, store, clock, crash, _setting(one.settings, "monthly_budget", 0.0))._replace(
                spoken=spoken
            ),
        )
        for account, one in config.accounts.items()
    }


def make_context(
    account: AccountId, store: Store, clock: Clock, crash: CrashHook, budget: float = 0.0
) -> ConnectorContext:
    """What an account's connector is given, without the program's own words.  budget: dollars a month; 0: none."""
    kept, keep = _keeping_of(account, store)
    spend, affords = spending_of(account, store, clock, budget)
    return ConnectorContext(
        account,
        clock,
        crash,
        _secrets_of(account, store),
        _conversations_of(account, store),
        _was_up(account, store),
        _budget_of(account, store, clock),
        kept,
        keep,
        doubt=_doubt_of(account, store),
        spend=spend,
        affords=affords,
        limited=_limited_of(account, store, clock),
    )


def make_parts(config: Config, store: Store, clock: Clock, crash: CrashHook) -> Parts:
    """Raises ConfigError."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    connectors = make_connectors(config, store, clock, crash)
    languages = LanguageRecognizer(config.router.languages)
    parsers = make_parsers(config)
    decider = make_decider(config, languages)
    teams = teams_of(config.routing)
    clocks = clocks_of(config.routing, config.priority)
    desk = Desk(
        store,
        clock,
        crash,
        _limits(config),
        make_prepared(config),
        _own_texts(config),
        _links(config),
        _typing_over(connectors),
        make_checks(config),
        routing_of(config),
    )
    learning = Learning(store, decider.classifier)
    checking = Checking(store, clock, checkers_of(config.files))
    return Parts(
        store=store,
        connectors=connectors,
        languages=languages,
        parsers=parsers,
        intake=Intake(store, parsers, decider, clock, crash, holder),
        outbox=Outbox(store, clock, crash, holder),
        prover=Prover(store, clock, crash, holder),
        jobs=JobRunner(
            store,
            clock,
            holder,
            connectors,
            desk,
            crash,
            checking,
            make_ruling(config, store, clock, desk),
            learning,
        ),
        desk=desk,
        incidents=IncidentWatch(store, clock),
        learning=learning,
        sweeper=Sweeper(store, clock, clocks, triggers_of(config.routing), teams, crash),
        access=Access(store, clock),
        holder=holder,
    )


def make_checks(config: Config) -> IdentityChecks:
    """How people can be asked to show who they are."""
    wanted = config.identity
    mail = [account for account, one in config.accounts.items() if one.channel == "email"]
    page = (
        SignIn(wanted.sign_in_url, wanted.sign_in_secret) if wanted.sign_in_url and wanted.sign_in_secret else None
    )
    return IdentityChecks(
        questions=wanted.questions,
        language=config.replies.default_language,
        mail=AccountId(wanted.mail_account) if wanted.mail_account else next(iter(mail), None),
        sign_in=page,
        answer_within=timedelta(minutes=wanted.answer_minutes),
        holds=timedelta(hours=wanted.holds_hours),
        private=frozenset(wanted.private_answers),
    )


def _typing_over(connectors: Mapping[AccountId, Connector]) -> Callable[[ReplyTarget], Awaitable[None]]:
    async def show(target: ReplyTarget) -> None:
        connector = connectors.get(target.account)
        if connector is not None and isinstance(connector.sender, TypingSender):
            await connector.sender.send_typing(target)

    return show


def make_watch(config: Config, parts: Parts, clock: Clock, leading: Callable[[], bool]) -> Watch:
    url = config.alerts.heartbeat_url
    return Watch(
        parts.store,
        clock,
        config.alerts,
        {account: connector.capabilities for account, connector in parts.connectors.items()},
        config.service.worker_lease_s,
        leading,
        (lambda: send_beat(url.reveal())) if url else None,
    )


def make_parsers(config: Config) -> Parsers:
    return Parsers(_known(config))


def _known(config: Config) -> dict[AccountId, Known]:
    return {account: _known_of(one.settings) for account, one in config.accounts.items()}


def _known_of(settings: Any) -> Known:
    """aliases is a table, of which the names count."""
    return Known(
        authserv_ids=tuple(_setting(settings, "authserv_ids", ())),
        aliases=tuple(_setting(settings, "aliases", ())),
        arc_sealers=tuple(_setting(settings, "arc_sealers", ())),
        groups=_setting(settings, "groups", "off"),
        staff=tuple(_setting(settings, "staff_roles", ())),
    )


def _spoken(texts: ReplyTemplates) -> Spoken:
    return Spoken(
        menu_of(texts), said_in("acknowledgement", texts), said_in(COMMANDS, texts, "form"), languages_of(texts)
    )


def _own_texts(config: Config) -> ReplyTemplates:
    return ReplyTemplates(TEMPLATES / "replies", config.replies.default_language)


def _links(config: Config) -> dict[Channel, str]:
    """Addresses that open a talk with us; of several bots the first that is named."""
    named = [
        _setting(one.settings, "username", "") for one in config.accounts.values() if one.channel == "telegram"
    ]
    name = next(filter(None, named), "")
    return {"telegram": f"https://t.me/{name}?start="} if name else {}


def make_decider(config: Config, languages: LanguageRecognizer) -> Decider:
    """Raises ConfigError for templates that cannot be read."""
    templates = _own_texts(config)
    templates.check(**COMMAND_VALUES)
    policy = Policy(
        rules=rule_table(config.router.default_team, timedelta(days=config.router.young_days)),
        young=timedelta(days=config.router.young_days),
        own_names=config.router.own_names,
        entities=EntityRules(
            config.router.account_ids,
            config.router.order_ids,
            config.router.phone_regions,
            tuple(domain.lower() for domain in config.router.own_domains),
        ),
        files_are_checked=bool(checkers_of(config.files)),
        reopen_within=timedelta(hours=config.router.reopen_within_h),
        flood=Flood(
            config.router.flood_messages,
            timedelta(minutes=config.router.flood_minutes),
            timedelta(minutes=config.router.flood_mute_minutes),
        ),
        languages=languages_of(templates),
        sorter=sorter_of(config),
        weights=weights_of(config.priority),
        clocks=clocks_of(config.routing, config.priority),
        triggers=triggers_of(config.routing),
        identity_holds=timedelta(hours=config.identity.holds_hours),
        feeds=_feeds(config),
        silent=frozenset(
            account
            for account, one in config.accounts.items()
            if demands_of(one.channel).label and not _setting(one.settings, "automated_label", False)
        ),
        aliases={
            (account, alias): team
            for account, one in config.accounts.items()
            for alias, team in _setting(one.settings, "aliases", {}).items()
        },
    )
    acknowledging = frozenset(
        account for account, one in config.accounts.items() if _setting(one.settings, "acknowledge", False)
    )
    return Decider(policy, languages, Notices(templates, _limits(config), acknowledging))


def make_ruling(config: Config, store: Store, clock: Clock, desk: Desk) -> Ruling:
    """Raises ConfigError for a rule with a prepared answer that is not there."""
    prepared = make_prepared(config)
    names = prepared.names() if prepared is not None else ()
    for name, rule in config.routing.rules.items():
        if rule.then.reply and rule.then.reply not in names:
            known = ", ".join(names) or "none"
            raise ConfigError(
                f"rules.{name}.then.reply: there is no prepared answer {rule.then.reply!r}; known are: {known}."
            )
    hooks = {name: Hook(one.url, one.secret, one.timeout_s) for name, one in config.routing.hooks.items()}
    return Ruling(store, clock, desk, triggers_of(config.routing), hooks, call_hook)


def routing_of(config: Config) -> Routing:
    """Whose work what is, and by when."""
    return Routing(sorter_of(config), clocks_of(config.routing, config.priority), triggers_of(config.routing))


def sorter_of(config: Config) -> Sorter:
    """Whose work what is."""
    return Sorter(
        Classifier(categories_of(config.routing)),
        teams_of(config.routing),
        config.router.default_team,
        Vips(frozenset(name.lower() for name in config.router.vips)),
        KNOWN.union(
            ["account"] if config.router.account_ids else [], ["order"] if config.router.order_ids else []
        ),
    )


def feeds_of(config: Config) -> tuple[str, ...]:
    """The full names of what is read along."""
    return tuple(feed_name(account, name) for account, name in _feeds(config))


def _feeds(config: Config) -> dict[tuple[AccountId, str], Feed]:
    return {
        (account, name): feed
        for account, one in config.accounts.items()
        for name, feed in _setting(one.settings, "feeds", {}).items()
    }


def make_prepared(config: Config) -> ReplyTemplates | None:
    """The team's answers.  Raises ConfigError for one that cannot be read or filled in, or is not there."""
    folder, private = config.replies.folder, config.identity.private_answers
    prepared = ReplyTemplates(Path(folder), config.replies.default_language) if folder else None
    if prepared is not None:
        prepared.check(**PREPARED_VALUES)
    names = prepared.names() if prepared is not None else ()
    if strange := [name for name in private if name not in names]:
        known = ", ".join(names) or "none"
        raise ConfigError(
            f"identity.private_answers: there is no prepared answer {strange[0]!r}; known are: {known}."
        )
    return prepared


def _limits(config: Config) -> dict[AccountId, Limits]:
    known = _known(config)
    return {
        account: Limits.of(capabilities_of(one.channel))._replace(
            own=str(_setting(one.settings, "address", "")),
            aliases=frozenset(known.get(account, NOTHING_KNOWN).aliases),
            prices=_setting(one.settings, "prices", None),
            budget=_setting(one.settings, "monthly_budget", 0.0),
        )
        for account, one in config.accounts.items()
    }


def _setting(settings: Any, name: str, otherwise: Any) -> Any:
    """A setting that only some channels have."""
    return getattr(settings, name, otherwise)


def _conversations_of(account: AccountId, store: Store) -> Callable[[], Awaitable[Sequence[ThreadKey]]]:
    """The account's private conversations, the most recent first."""

    async def conversations() -> Sequence[ThreadKey]:
        return await store.list_private(account, MOST_CONVERSATIONS)

    return conversations


def _was_up(account: AccountId, store: Store) -> Callable[[], Awaitable[datetime | None]]:
    """When the account was last known to be connected, by whichever worker."""

    async def was_up() -> datetime | None:
        return next((one.up_at for one in await store.list_health() if one.account == account), None)

    return was_up


def _budget_of(account: AccountId, store: Store, clock: Clock) -> Callable[[Sequence[Bucket]], Awaitable[float]]:
    """The account's budgets, which reading on shares with sending."""

    async def take(buckets: Sequence[Bucket]) -> float:
        return await store.take_budget(account, buckets, clock.now())

    return take


def _limited_of(account: AccountId, store: Store, clock: Clock) -> Callable[[str], Awaitable[None]]:
    """Tells of a limit that the account has reached on its platform; a courtesy, which stops no message."""

    async def limited(why: str) -> None:
        key, now = f"limit:{account}", clock.now()
        try:
            if why:
                await store.raise_notices([NewNotice("limit", key, why, now, account)], now)
            else:
                await store.end_notices([key], now)
        except StoreError as error:
            log.warning("That a platform's limit is reached, or no longer, could not be told: %s", error)

    return limited


def _doubt_of(account: AccountId, store: Store) -> Callable[[], Awaitable[datetime | None]]:
    async def doubt() -> datetime | None:
        return await store.find_doubt(account)

    return doubt


def _keeping_of(
    account: AccountId, store: Store
) -> tuple[Callable[[str, bytes], Awaitable[bytes]], Callable[[str, bytes], Awaitable[None]]]:
    """Reading and keeping the account's secrets that change."""

    async def kept(name: str, first: bytes) -> bytes:
        return await store.get_secret(f"{account}/{name}", lambda: first)

    async def keep(name: str, value: bytes) -> None:
        await store.keep_secret(f"{account}/{name}", value)

    return kept, keep


def _secrets_of(account: AccountId, store: Store) -> Callable[[str], Any]:
    """The account's lasting secrets, each read once from the store and then remembered."""
    known: dict[str, bytes] = {}

    async def secret(name: str) -> bytes:
        if name not in known:
            known[name] = await store.get_secret(f"{account}/{name}", lambda: secrets.token_bytes(SECRET_BYTES))
        return known[name]

    return secret
