"""The side of people: the browser chat, tests and outside checks act as users and look at what happens."""
