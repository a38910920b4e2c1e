"""Formatted text: HTML, MarkdownV2 and Markdown become plain text and entities, as Telegram parses them."""
