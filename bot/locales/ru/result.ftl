result-quote = «{ $prompt }»
result-details = { $model } · { $ratio } · сид <code>{ $seed }</code> · { $time }

model-kandinsky-3 = Kandinsky 3
model-kandinsky-3-flash = Kandinsky 3 Flash

button-again = 🔁 Ещё раз
button-file = 📎 Файлом
button-cancel = Отменить
button-cancel-number = Отменить { $number }
button-settings = ⚙️ Настройки
button-done = Готово
button-chosen = ✓ { $label }

settings =
    <b>Настройки</b>
    Модель: <b>{ $model }</b>
    Форма: <b>{ $ratio }</b>

    Kandinsky 3 работает не спеша и точнее следует вашим словам. Flash делает четыре шага вместо пятидесяти, поэтому он гораздо быстрее.
settings-closed = Настройки сохранены: { $model }, { $ratio }.
