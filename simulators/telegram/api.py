"""Which methods there are."""

from simulators.telegram import account, changing, receiving, sending
from simulators.telegram.calling import Method

METHODS: dict[str, Method] = {
    "getMe": account.get_me,
    "close": account.close,
    "logOut": account.log_out,
    "getChat": account.get_chat,
    "getBusinessConnection": account.get_business_connection,
    "getFile": account.get_file,
    "setMyCommands": account.set_my_commands,
    "getMyCommands": account.get_my_commands,
    "deleteMyCommands": account.delete_my_commands,
    "answerCallbackQuery": account.answer_callback_query,
    "getUpdates": receiving.get_updates,
    "setWebhook": receiving.set_webhook,
    "deleteWebhook": receiving.delete_webhook,
    "getWebhookInfo": receiving.get_webhook_info,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendMediaGroup": sending.send_media_group,
    "sendChatAction": sending.send_chat_action,
    "editMessageText": changing.edit_message_text,
    "deleteMessage": changing.delete_message,
}
"""By the API's own spelling; callers may write them in any case."""

_SPELLING = {name.lower(): name for name in METHODS}


def spelled(name: str) -> str:
    """The API's spelling of a method; unknown names come back as they are."""
    return _SPELLING.get(name.lower(), name)
