"""The REST API, version 1: JSON in and out, bearer tokens, problem documents."""
