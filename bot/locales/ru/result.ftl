result-quote = «{ $prompt }»
result-details = { $model } · { $ratio } · сид <code>{ $seed }</code> · { $time }

model-kandinsky-22 = Kandinsky 2.2
model-kandinsky-3 = Kandinsky 3
model-kandinsky-3-flash = Kandinsky 3 Flash
model-kandinsky-22-short = 2.2
model-kandinsky-3-short = Kandinsky 3
model-kandinsky-3-flash-short = Flash
model-refined = { $model } с доработкой

button-again = 🔁 Ещё раз
button-other-model = 🎨 То же с { $model }
button-refine = ✨ Доработать
button-file = 📎 Файлом
button-file-number = 📎 { $number }
button-details = ℹ️ Подробности
button-favourite-on = ❤️
button-favourite-off = 🤍
button-copy-prompt = 📋 Слова
button-copy-seed = 📋 Сид
button-copy-all = 📋 Всё вместе
button-copy-message = 📋 Скопировать
button-cancel = Отменить
button-cancel-number = Отменить { $number }

# Как сделана картина.
details =
    <b>Как это сделано</b>
    Модель: <b>{ $model }</b>
    Форма: <b>{ $ratio }</b>
details-style = Стиль: <b>{ $style }</b>
details-seed = Сид: <code>{ $seed }</code>
details-cost =
    { $count ->
        [one] { $count } картина
        [few] { $count } картины
       *[many] { $count } картин
    } за { $credits ->
        [one] { $credits } кредит
        [few] { $credits } кредита
       *[many] { $credits } кредитов
    }, { $time }
details-again =
    Пришлите это, чтобы нарисовать ещё раз:
    <code>{ $message }</code>

# /history
history-title = <b>Ваши картины</b>
history-title-favourites = <b>Ваше избранное</b>: { $count } из { $limit }
history-line =
    <b>{ $number }.</b> { $prompt }
    <i>{ $model }, { $ratio }, { $date }</i>
history-hint = Номер открывает картину.
history-empty = Ваших картин пока нет. Напишите, что хотите увидеть, и я сразу начну.
history-no-favourites = В избранном пока пусто. Сердечко под картиной сохраняет её здесь.
history-card =
    «{ $prompt }»

    <i>{ $model }, { $ratio }, сид <code>{ $seed }</code>, { $count ->
        [one] { $count } картина
        [few] { $count } картины
       *[many] { $count } картин
    }, { $date }</i>
button-newer = ‹ Новее
button-older = Старее ›
button-favourites = ❤️ Избранное
button-all-pictures = 🖼 Все картины
button-show = 🖼 Показать
