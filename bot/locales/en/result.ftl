result-quote = “{ $prompt }”
result-details = { $model } · { $ratio } · seed <code>{ $seed }</code> · { $time }

model-kandinsky-3 = Kandinsky 3
model-kandinsky-3-flash = Kandinsky 3 Flash

button-again = 🔁 Again
button-file = 📎 As file
button-cancel = Cancel
button-cancel-number = Cancel { $number }
button-settings = ⚙️ Settings
button-done = Done
button-chosen = ✓ { $label }

settings =
    <b>Settings</b>
    Model: <b>{ $model }</b>
    Shape: <b>{ $ratio }</b>

    Kandinsky 3 takes its time and follows your words most closely. Flash needs four steps instead of fifty, so it is much faster.
settings-closed = Settings saved: { $model }, { $ratio }.
