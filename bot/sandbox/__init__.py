"""A local Bot API server with a browser chat: it replaces Telegram for trying and testing.

`server` starts it, `client` speaks to its user side from tests. Inside: `store` keeps everything under one
directory, `chatroom` says what happens when somebody writes, `bot_api` answers bots, `user_side` answers people.
"""
