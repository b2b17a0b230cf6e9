"""What we ask X to tell of posts, people and media.

Field names in one place: X's newest description calls ``tweet.fields``
``post.fields`` and ``referenced_tweets`` ``referenced_posts``; its pages and
tweepy still use the old names (read 2026-11).
"""

POST = (
    "id",
    "text",
    "created_at",
    "author_id",
    "conversation_id",
    "in_reply_to_user_id",
    "referenced_tweets",
    "entities",
    "attachments",
    "lang",
    "edit_history_tweet_ids",
    "note_tweet",
)
OWN_POST = ("id", "text", "created_at", "referenced_tweets", "note_tweet")
USER = ("id", "name", "username", "created_at", "verified", "protected", "public_metrics")
MEDIA = ("media_key", "type", "url", "preview_image_url", "alt_text")
EXPANSIONS = ("author_id", "attachments.media_keys", "referenced_tweets.id", "referenced_tweets.id.author_id")
DIRECT = (
    "id",
    "text",
    "event_type",
    "created_at",
    "sender_id",
    "dm_conversation_id",
    "attachments",
    "entities",
    "referenced_tweets",
)
DIRECT_EXPANSIONS = ("sender_id", "attachments.media_keys")
