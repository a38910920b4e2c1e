# Меню.
home =
    <b>Меню</b>
    Напишите, что хотите увидеть, и я нарисую. Всё остальное здесь.

button-menu = ☰ Меню
button-back = ‹ Назад
button-done = Готово
button-settings = ⚙️ Настройки
button-history = 🖼 Мои картины
button-queue = ⏳ Очередь
button-quota = 🎟 Кредиты
button-language = 🌐 Язык
button-help = ❔ Помощь
button-examples = ✨ Примеры
button-chosen = ✓ { $label }

# /settings
settings =
    <b>Настройки</b>
    Модель: <b>{ $model }</b>
    Форма: <b>{ $ratio }</b>
    Картин за раз: <b>{ $count }</b>
settings-style = Стиль: <b>{ $style }</b>
settings-negative = Без чего: <b>{ $words }</b>
settings-seed = Сид: <code>{ $seed }</code>
settings-models = Kandinsky 3 работает не спеша и точнее следует вашим словам. Flash делает четыре шага вместо пятидесяти, поэтому он гораздо быстрее.
settings-models-22 = Kandinsky 2.2 — предыдущее поколение: сначала он представляет смысл ваших слов, а потом пишет картину.
settings-closed = Настройки сохранены: { $model }, { $ratio }.

button-count = ×{ $count }
button-refine-on = ✓ ✨ Доработка
button-refine-off = ✨ Доработка
button-style = 🖌 Стиль: { $style }
button-negative = 🚫 Без чего…
button-negative-set = ✓ 🚫 Без чего…
button-seed-random = 🎲 Сид: случайный
button-seed-fixed = 🎲 Сид: { $seed }

style-none = нет
style-flat = Плоский
style-outline = Контур
style-watercolour = Акварель
style-mosaic = Мозаика
style-photo = Фото
style-cinematic = Кино
style-anime = Аниме
style-digital-art = Цифровой арт
style-oil = Масло
style-pencil = Карандаш
style-comic = Комикс
style-pixel-art = Пиксели
style-3d = 3D
style-isometric = Изометрия
style-vector = Вектор
styles =
    <b>Стиль рисунка</b>
    В этом стиле я рисую всё, пока вы не выберете другой.

ask-negative =
    <b>Чего на картинах быть не должно?</b>
    Пришлите слова, например <code>текст, водяной знак, размытость</code>. Они действуют для всех следующих картин, до { $limit } символов; их слышит только Kandinsky 3, Flash — нет.

    «нет» убирает их, /cancel оставляет всё как есть.
ask-negative-now = Сейчас: <code>{ $words }</code>
negative-saved = Теперь рисую без этого: <b>{ $words }</b>
negative-cleared = Теперь рисую без исключений.
button-clear = Ничего не исключать

ask-seed =
    <b>Какой сид?</b>
    Те же слова с тем же сидом дают ту же картину. Пришлите целое число от 0 до { $largest } или выберите ниже.

    «случайный» даёт каждой картине новый, /cancel оставляет всё как есть.
ask-seed-now = Сейчас: <code>{ $seed }</code>
seed-saved = Теперь рисую с сидом <code>{ $seed }</code>. Те же слова дадут ту же картину.
seed-cleared = Теперь у каждой картины свой сид.
seed-bad = Это не сид. Пришлите целое число от 0 до { $largest }, «случайный» или /cancel.
button-seed-any = 🎲 Новый для каждой картины
button-seed-last = 📌 Как у последней картины
conversation-left = Хорошо, всё остаётся как есть.

# /language
language = На каком языке мне говорить?
language-en = English
language-ru = Русский

# /timezone
zone =
    <b>Который у вас час?</b>
    Я считаю, что у вас { $zone }, то есть { $time }. Выберите, что показывают ваши часы: по ним я пишу даты и начинаю ваш день.
button-zone = 🕒 { $zone }
button-zone-choice = { $time } ({ $offset })
button-zones-between = Половины и четверти часа…
button-zones-whole = Целые часы…

# /quota
quota =
    <b>Кредиты</b>
    На сегодня осталось { $left } из { $daily }. Новые появятся через { $wait }, в { $time } { $zone }.

    Картина Kandinsky 3 стоит { $base_credits }, с доработкой — на { $refine_credits } больше, картина Flash — { $flash_credits }. За неудачи и отмены кредиты возвращаются.
costs-22 = Картина Kandinsky 2.2 стоит { $credits }.
quota-mine =
    С вашими настройками одно сообщение стоит { $mine ->
        [one] <b>{ $mine }</b> кредит
        [few] <b>{ $mine }</b> кредита
       *[many] <b>{ $mine }</b> кредитов
    } за { $count ->
        [one] { $count } картину
        [few] { $count } картины
       *[many] { $count } картин
    }.

# /forget
forget =
    <b>Удалить всё?</b>
    Я остановлю картины, которые ждут, и навсегда удалю с этой машины ваши описания, картины, присланные файлы, избранное и настройки. Сообщения в этом чате останутся; очистить чат вы можете сами.
forget-kept = Ничего не удалено.
forget-done =
    { $pictures ->
        [0] Всё удалено. Я больше ничего о вас не знаю.
        [one] Всё удалено, и { $pictures } картина тоже. Я больше ничего о вас не знаю.
        [few] Всё удалено, и { $pictures } картины тоже. Я больше ничего о вас не знаю.
       *[many] Всё удалено, и { $pictures } картин тоже. Я больше ничего о вас не знаю.
    }
button-forget = Удалить всё
button-keep = Оставить

# День года.
date =
    { $day } { $month ->
        [1] января
        [2] февраля
        [3] марта
        [4] апреля
        [5] мая
        [6] июня
        [7] июля
        [8] августа
        [9] сентября
        [10] октября
        [11] ноября
       *[12] декабря
    }
