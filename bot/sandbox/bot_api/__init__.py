"""The Bot API side: every method is declared by aiogram's class of it, which names parameters, types and the result."""
