"""``[x.<name>]`` in config.toml."""

import re
from typing import Final, Literal

import msgspec

from connectors.oauth import OAuthSettings
from tickets.demands import LABEL
from tickets.feeds import Feed, check_names
from tickets.secret import NO_SECRET, Secret
from tickets.spending import Prices

LONGEST_SEARCH: Final = 450
"""X takes 512 characters, of which some are ours."""
MIN_EVERY_S: Final = 60.0


class OAuth(OAuthSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[x.<name>.oauth]``: OAuth 2.0 instead of an access token and its secret.

    Source: https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code, read 2026-11.
    """

    token_url: str = "https://api.x.com/2/oauth2/token"
    authorize_url: str = "https://x.com/i/oauth2/authorize"
    redirect_url: str = "http://127.0.0.1:8600/"
    """One of the app's callback addresses, letter for letter; nothing needs to listen there."""
    refresh_token: Secret = NO_SECRET
    """Without it: `switchboard sign-in x:<name>` gets one, and keeps it encrypted."""


class XFeed(Feed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[x.<name>.feeds.<feed>]``: posts to read along, for money; one of the first three says which."""

    search: str = ""
    """In X's search language (https://docs.x.com/x-api/posts/search/integrate/operators); reposts and the
    account's own posts are left out."""
    list: str = ""
    """The number of a public list: what its members post."""
    by: str = ""
    """The name of an account, without @: what it posts."""
    every_s: float = 300.0
    """Ask so often at most, seconds; seldomer when little comes, and when the budget asks for it."""
    monthly_budget: float = 5.0
    """Dollars a month (UTC) for this feed, spread over the month; 0: as far as the account's budget goes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if sum(map(bool, (self.search.strip(), self.list, self.by))) != 1:
            raise ValueError("a feed needs one of search, list and by")
        if len(self.search) > LONGEST_SEARCH or "\n" in self.search:
            raise ValueError(f"search must be one line of at most {LONGEST_SEARCH} characters")
        if self.list and not re.fullmatch(r"[0-9]{1,20}", self.list):
            raise ValueError("list must be the number of a list, in quotes")
        if self.by and not re.fullmatch(r"[A-Za-z0-9_]{1,15}", self.by):
            raise ValueError("by must be the name of an account, without @")
        if not MIN_EVERY_S <= self.every_s <= 86_400:
            raise ValueError("every_s must be between 60 and 86400")
        if self.monthly_budget < 0:
            raise ValueError("monthly_budget must be 0 or more")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    api_key: Secret
    """The app's API key (OAuth 1.0a consumer key), from https://developer.x.com, page Keys and tokens."""
    api_key_secret: Secret
    access_token: Secret = NO_SECRET
    """The account's access token, with the right to read and write; oauth counts before it and its secret."""
    access_token_secret: Secret = NO_SECRET
    oauth: OAuth | None = None
    first_start: Literal["now", "all"] = "now"
    """all: the mentions X still hands out (800) become tickets too."""
    poll_s: float = 15.0
    """Ask for new mentions this often, seconds; at least 3, as X allows 300 questions in 15 minutes."""
    per_15_min: int = 100
    """How many posts X allows the account in 15 minutes; more with some plans
    (https://docs.x.com/x-api/fundamentals/rate-limits)."""
    per_day: int = 10_000
    """How many posts X allows the app in 24 hours."""
    webhook_url: str = ""
    """An https address that leads to /hooks/x/<name>: X calls it when somebody writes (Activity API), and asking
    goes on beside it.  Empty: only asking."""
    base_url: str = "https://api.twitter.com"
    """The API.  Requests are signed for https://api.twitter.com, whatever stands here."""
    media_url: str = "https://pbs.twimg.com/"
    """Pictures are fetched from below this address and from nowhere else."""
    storage_url: str = "https://storage.googleapis.com/"
    """Where X takes lists of posts and gives back what became of them; lists go below this address only."""
    ca_file: str = ""
    """A private certificate authority, PEM; empty for the system's."""
    own_posts_s: float = 120.0
    """Look so often, seconds, for answers that somebody gave by hand; 0: never.  X takes money for each post."""
    by_hand_after_s: float = 180.0
    """What the account posted so many seconds ago, and the program did not send, was posted by hand."""
    appears_within_s: float = 120.0
    """A post is to be seen among the account's own within so many seconds; what is not, was not posted."""
    posts_above: int = 2
    """So many posts of the talk above a mention are looked up, one above the other, beyond the one that X tells
    beside it; 0: none.  X takes money for each, once a day."""
    monthly_budget: float = 0.0
    """Dollars a month (UTC) that X may cost: the team is told at 80 % and when it is used up; then only what
    people write and wait for goes on.  0: no budget."""
    prices: Prices = Prices()
    """``[x.<name>.prices]``: what X takes for each call, in dollars."""
    direct_messages: bool = False
    """Plain direct messages become tickets, too; X tells programs nothing of encrypted ones.  The app needs the
    permission Read and write and Direct message, and X takes money for each."""
    direct_s: float = 75.0
    """Ask for them so often, seconds; X allows 15 questions in 15 minutes."""
    automated_label: bool = False
    """The account bears X's label Automated, as X demands of one that answers by itself."""
    acknowledge: bool = False
    """Tell people once, in public, that their post arrived.  X allows one automatic answer to a post."""
    feeds: dict[str, XFeed] = {}
    """What to read along, by the name of each feed."""

    def __post_init__(self) -> None:
        own = (self.access_token.reveal(), self.access_token_secret.reveal())
        if self.oauth is None and not all(own):
            raise ValueError("give access_token and access_token_secret, or oauth instead of both")
        keys = () if self.oauth else ("access_token", "access_token_secret")
        for name in ("api_key", "api_key_secret", *keys):
            text = getattr(self, name).reveal()
            if len(text) < 10 or not text.isascii() or any(letter.isspace() for letter in text):
                raise ValueError(f"{name} must be the whole text of X's page Keys and tokens")
        for name in ("base_url", "media_url", "storage_url"):
            if not getattr(self, name).startswith(("https://", "http://")):
                raise ValueError(f"{name} must begin with https:// or http://")
        if not 1 <= self.appears_within_s <= 150:
            raise ValueError("appears_within_s must be between 1 and 150")
        if self.monthly_budget < 0:
            raise ValueError("monthly_budget must be 0 or more")
        if not 0 <= self.posts_above <= 20:
            raise ValueError("posts_above must be between 0 and 20")
        check_names(self.feeds)
        if not self.monthly_budget and not all(feed.monthly_budget for feed in self.feeds.values()):
            raise ValueError(
                "a feed whose monthly_budget is 0 needs a monthly_budget of the account: X takes money"
            )
        if self.acknowledge and not self.automated_label:
            raise ValueError(f"acknowledge answers by itself. {LABEL}")
        if self.own_posts_s < 0 or self.by_hand_after_s < 0:
            raise ValueError("own_posts_s and by_hand_after_s must be 0 or more")
        if self.per_15_min < 10 or self.per_day < 100:
            raise ValueError("per_15_min must be at least 10, and per_day at least 100")
        real = self.base_url.startswith("https://")
        if real and self.by_hand_after_s <= self.appears_within_s:
            raise ValueError(
                "by_hand_after_s must be more than appears_within_s: first the program looks for its own"
            )
        if not (61.0 if real else 0.05) <= self.direct_s <= 3_600:
            raise ValueError("direct_s must be between 61 and 3600")
        slowest = 3.0 if real else 0.05
        if not slowest <= self.poll_s <= 3_600:
            raise ValueError("poll_s must be between 3 and 3600")

    def consumes(self) -> str:
        """What only one consumer should read: two accounts with the same are a mistake."""
        return self.oauth.client_id if self.oauth else self.access_token.reveal()
