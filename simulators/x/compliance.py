"""What became of many posts: a job, a list put into the storage, a list taken out of it.

Source: https://docs.x.com/x-api/compliance/batch-compliance/quickstart
"""

from __future__ import annotations

import json

from simulators.x.accounts import SimAccount, timestamp
from simulators.x.calling import Answer, Call
from simulators.x.problems import generic
from simulators.x.questions import Question
from simulators.x.records import Json, SimPost
from simulators.x.state import PlatformState

STORAGE_PATH = "/storage/"


async def create_job(call: Call) -> Answer:
    """https://docs.x.com/x-api/compliance/create-compliance-job"""
    call.query.check()
    kept = call.state.compliance
    if kept.forbidden:
        raise generic(403, "Forbidden", "Your client app is not configured with access to this endpoint.")
    if not isinstance(call.body, dict) or call.body.get("type") not in ("tweets", "users"):
        raise generic(400, "Invalid Request", "$.type: is missing but it is required")
    app = call.caller.account.keys.consumer_key
    if any(one.app == app and one.status != "complete" for one in kept.questions.values()):
        raise generic(409, "Conflict", "You have reached the limit of 1 concurrent job of this type.")
    question = Question(call.state.ids.next(), app, kept.looks)
    kept.questions[question.id] = question
    return Answer(json.dumps({"data": _shown(call.state, question)}).encode())


async def get_job(call: Call) -> Answer:
    """https://docs.x.com/x-api/compliance/get-compliance-job-by-id"""
    call.query.check()
    question = call.state.compliance.questions.get(call.id())
    if question is None or question.app != call.caller.account.keys.consumer_key:
        raise generic(404, "Not Found")
    shown = _shown(call.state, question)
    if question.asked is not None:
        question.looks -= 1
    return Answer(json.dumps({"data": shown}).encode())


def put(state: PlatformState, name: str, body: object) -> bool:
    """A list is put into the storage; False where none is awaited."""
    question = state.compliance.questions.get(name)
    if question is None or question.asked is not None or not isinstance(body, str):
        return False
    question.asked = body.split()
    return True


def take(state: PlatformState, name: str) -> bytes | None:
    """What became of the posts, a line each; None where nothing is ready.  Posts that stand have no line."""
    question = state.compliance.questions.get(name)
    if question is None or question.asked is None or question.looks > 0:
        return None
    found = ((post_id, state.posts.find(post_id)) for post_id in question.asked)
    fates = [(post_id, _fate(post)) for post_id, post in found]
    now = timestamp(state.now())
    lines = [
        json.dumps({"id": post_id, "action": "delete", "created_at": now, "redacted_at": now, "reason": fate})
        for post_id, fate in fates
        if fate
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _fate(post: SimPost | None) -> str:
    if post is None or post.deleted:
        return "deleted"
    if post.author.suspended:
        return "suspended"
    return "protected" if post.author.protected and not isinstance(post.author, SimAccount) else ""


def _shown(state: PlatformState, question: Question) -> Json:
    address = f"{state.compliance.url}/{question.id}"
    return {
        "id": question.id,
        "type": "tweets",
        "status": question.status,
        "created_at": timestamp(state.now()),
        "upload_url": address,
        "download_url": address,
    }
