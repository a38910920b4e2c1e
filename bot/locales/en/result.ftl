result-quote = “{ $prompt }”
result-details = { $model } · { $ratio } · seed <code>{ $seed }</code> · { $time }

model-kandinsky-22 = Kandinsky 2.2
model-kandinsky-3 = Kandinsky 3
model-kandinsky-3-flash = Kandinsky 3 Flash
model-kandinsky-22-short = 2.2
model-kandinsky-3-short = Kandinsky 3
model-kandinsky-3-flash-short = Flash
model-refined = { $model }, refined

button-again = 🔁 Again
button-other-model = 🎨 With { $model }
button-refine = ✨ Refine
button-file = 📎 As file
button-file-number = 📎 { $number }
button-details = ℹ️ Details
button-favourite-on = ❤️
button-favourite-off = 🤍
button-copy-prompt = 📋 Words
button-copy-seed = 📋 Seed
button-copy-all = 📋 All of it
button-copy-message = 📋 Copy
button-cancel = Cancel
button-cancel-number = Cancel { $number }

# How a picture was made.
details =
    <b>How it was made</b>
    Model: <b>{ $model }</b>
    Shape: <b>{ $ratio }</b>
details-style = Style: <b>{ $style }</b>
details-seed = Seed: <code>{ $seed }</code>
details-cost =
    { $count ->
        [one] { $count } picture
       *[other] { $count } pictures
    } for { $credits ->
        [one] { $credits } credit
       *[other] { $credits } credits
    } in { $time }
details-again =
    Send this to paint it once more:
    <code>{ $message }</code>

# /history
history-title = <b>Your pictures</b>
history-title-favourites = <b>Your favourites</b>: { $count } of { $limit }
history-line =
    <b>{ $number }.</b> { $prompt }
    <i>{ $model }, { $ratio }, { $date }</i>
history-hint = A number opens a picture.
history-empty = There are no pictures of yours yet. Write what you want to see, and I start right away.
history-no-favourites = You have no favourites yet. The heart under a picture keeps it here.
history-card =
    “{ $prompt }”

    <i>{ $model }, { $ratio }, seed <code>{ $seed }</code>, { $count ->
        [one] { $count } picture
       *[other] { $count } pictures
    }, { $date }</i>
button-newer = ‹ Newer
button-older = Older ›
button-favourites = ❤️ Favourites
button-all-pictures = 🖼 All pictures
button-show = 🖼 Show
