"""aiogram routers, one module per conversation. No torch, no SQL: they call a service of bot/ and answer."""
