"""X by its API v2, through tweepy."""
