# The menu.
home =
    <b>Menu</b>
    Write what you want to see, and I paint it. Everything else is here.

button-menu = ☰ Menu
button-back = ‹ Back
button-done = Done
button-settings = ⚙️ Settings
button-history = 🖼 My pictures
button-queue = ⏳ In line
button-quota = 🎟 Credits
button-language = 🌐 Language
button-help = ❔ Help
button-examples = ✨ Examples
button-chosen = ✓ { $label }

# /settings
settings =
    <b>Settings</b>
    Model: <b>{ $model }</b>
    Shape: <b>{ $ratio }</b>
    Pictures: <b>{ $count }</b>
settings-style = Style: <b>{ $style }</b>
settings-negative = Without: <b>{ $words }</b>
settings-seed = Seed: <code>{ $seed }</code>
settings-models = Kandinsky 3 takes its time and follows your words most closely. Flash needs four steps instead of fifty, so it is much faster.
settings-models-22 = Kandinsky 2.2 is the generation before: it first imagines the meaning of your words, then paints it.
settings-closed = Settings saved: { $model }, { $ratio }.

button-count = ×{ $count }
button-refine-on = ✓ ✨ Refine
button-refine-off = ✨ Refine
button-style = 🖌 Style: { $style }
button-negative = 🚫 Without…
button-negative-set = ✓ 🚫 Without…
button-seed-random = 🎲 Seed: random
button-seed-fixed = 🎲 Seed: { $seed }

style-none = none
style-flat = Flat
style-outline = Outline
style-watercolour = Watercolour
style-mosaic = Mosaic
style-photo = Photo
style-cinematic = Cinematic
style-anime = Anime
style-digital-art = Digital art
style-oil = Oil painting
style-pencil = Pencil
style-comic = Comic
style-pixel-art = Pixel art
style-3d = 3D
style-isometric = Isometric
style-vector = Vector
styles =
    <b>Drawing style</b>
    I paint everything in this style until you choose another.

ask-negative =
    <b>What should pictures not show?</b>
    Send me the words, for example <code>text, watermark, blur</code>. They count for every picture from now on, up to { $limit } characters; only Kandinsky 3 listens to them, Flash does not.

    “none” clears them, /cancel leaves everything as it is.
ask-negative-now = Now: <code>{ $words }</code>
negative-saved = From now on without: <b>{ $words }</b>
negative-cleared = From now on nothing is left out.
button-clear = Leave nothing out

ask-seed =
    <b>Which seed?</b>
    The same words with the same seed give the same picture. Send me a whole number from 0 to { $largest }, or choose below.

    “random” gives every picture a new one, /cancel leaves everything as it is.
ask-seed-now = Now: <code>{ $seed }</code>
seed-saved = From now on with seed <code>{ $seed }</code>. The same words now give the same picture.
seed-cleared = From now on every picture has a seed of its own.
seed-bad = That is no seed. Send me a whole number from 0 to { $largest }, “random”, or /cancel.
button-seed-any = 🎲 A new one for every picture
button-seed-last = 📌 That of my last picture
conversation-left = All right, everything stays as it is.

# /language
language = Which language shall I speak?
language-en = English
language-ru = Русский

# /timezone
zone =
    <b>What time is it where you are?</b>
    I go by { $zone }, so it is { $time } with you. Choose what your clock shows: dates and the beginning of your day follow it.
button-zone = 🕒 { $zone }
button-zone-choice = { $time } ({ $offset })
button-zones-between = Half and quarter hours…
button-zones-whole = Whole hours…

# /quota
quota =
    <b>Credits</b>
    { $left } of { $daily } left today. New ones come in { $wait }, at { $time } { $zone }.

    A Kandinsky 3 picture costs { $base_credits }, a refined one { $refine_credits } more, a Flash picture { $flash_credits }. What fails or is cancelled comes back.
costs-22 = A Kandinsky 2.2 picture costs { $credits }.
quota-mine =
    With your settings a message costs { $mine ->
        [one] <b>{ $mine }</b> credit
       *[other] <b>{ $mine }</b> credits
    } for { $count ->
        [one] { $count } picture
       *[other] { $count } pictures
    }.

# /forget
forget =
    <b>Delete everything?</b>
    I stop your waiting pictures and delete your prompts, pictures, uploads, favourites and settings from this machine, for good. The messages in this chat stay; you can clear the chat yourself.
forget-kept = Nothing was deleted.
forget-done =
    { $pictures ->
        [0] Everything is deleted. I know nothing of you any more.
        [one] Everything is deleted, { $pictures } picture too. I know nothing of you any more.
       *[other] Everything is deleted, { $pictures } pictures too. I know nothing of you any more.
    }
button-forget = Delete everything
button-keep = Keep it

# A day of the year.
date =
    { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    }
