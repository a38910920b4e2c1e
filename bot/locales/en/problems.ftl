# A job that failed: what happened, and what to do next.
failed-out-of-memory = This picture did not fit into the memory of the machine. Try one picture at a time, or choose Flash in /settings.
failed-engine-failed = The painting went wrong on my side. Please send your words again; if it keeps happening, tell the person who runs this bot.
failed-checkpoint-missing = This model is not installed here. Choose another one in /settings; the person who runs this bot can add it.
failed-checkpoint-invalid = This model is damaged and cannot be used. Choose another one in /settings; the person who runs this bot needs to repair it.
failed-invalid-task = I cannot paint this combination of words and settings. Change the model or the shape in /settings and try again.
failed-canvas-too-small = The new border is so narrow that I would not see it. Ask for a wider one and try again.
failed-too-many-attempts = I tried several times, and something interrupted me every time. Please send your words again a little later.
failed-unknown = Something unexpected happened, and there is no picture this time. Please try again.
failed-refunded =
    { $credits ->
        [one] { $credits } credit is back on your account.
       *[other] { $credits } credits are back on your account.
    }

# Limits.
limit-queued =
    { $limit ->
        [one] You already have { $limit } picture in line, and that is the most I keep. Wait for it, or stop it with /cancel.
       *[other] You already have { $limit } pictures in line, and that is the most I keep. Wait for one, or stop some with /queue.
    }
limit-credits =
    { $needed ->
        [one] This picture costs { $needed } credit, and you have { $left } left today. New credits come in { $wait }.
       *[other] This picture costs { $needed } credits, and you have { $left } left today. New credits come in { $wait }.
    }
limit-credits-flash = Flash in /settings costs less.

# Input that is no prompt.
bad-empty = I need words to paint from. For example: { $example }
bad-too-long = That is { $length } characters, and I can take { $limit }. Please shorten it a little.
bad-photo = I cannot work with photos yet. Describe in words what you want to see.
bad-sticker = A fine sticker! Now tell me in words what to paint.
bad-voice = I cannot listen yet. Please write what you want to see.
bad-video = I cannot watch videos yet. Describe in words what you want to see.
bad-document = I cannot open files yet. Describe in words what you want to see.
bad-other = I understand only text for now. Describe in words what you want to see.
unknown-command = I do not know that command. /help shows what I can do; anything without a slash I simply paint.
problem-unexpected = Something went wrong on my side. Please try again in a minute.
file-expired = The original of this picture is no longer kept. “{ button-again }” paints it anew.

# Toasts: short, shown over the chat.
toast-saved = Saved
toast-in-line = It is in line
toast-already-in-line = Already in line
toast-sending-file = Sending the original
toast-cancelling = Stopping…
toast-cancelled = Cancelled
toast-too-late = Too late: this picture is already finished
toast-file-expired = The original of this picture is no longer kept
toast-stale = This button no longer works. Send /start for fresh ones.
toast-not-yours = This button belongs to somebody else
toast-limit-queued = Your line is full ({ $limit })
toast-limit-credits = Not enough credits: { $needed } needed, { $left } left
toast-already-painted = You have this one already: look further down
toast-kept = Kept among your favourites
toast-not-kept = No longer among your favourites
toast-favourites-full = You have { $limit } favourites, and more do not fit. Take a heart away from another one first.
toast-showing = Here it comes
toast-no-pictures = There is no picture of yours yet
toast-private-only = Please write to me in private for this
toast-forgetting = Deleting…
