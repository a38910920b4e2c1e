# Панель.
admin-panel =
    <b>Пульт</b>
    В очереди: <b>{ $queued }</b> · рисуется: <b>{ $running }</b>
    Самое долгое ожидание: <b>{ $wait }</b>
    Обслуживание: <b>{ $maintenance }</b>
admin-panel-commands =
    /user, /quota, /ban, /unban — люди: по номеру, имени пользователя или в ответ на сообщение
    /jobs, /engines, /stats, /audit — что происходит
    /maintenance, /broadcast — слова для всех
admin-on = включено
admin-off = выключено
admin-nothing-waits = никто не ждёт
admin-button-jobs = 🧾 Задания
admin-button-engines = 🖥 Движки
admin-button-day = 📈 День
admin-button-week = 📈 Неделя
admin-button-audit = 🗒 Журнал
admin-button-maintenance-on = 🚧 Начать обслуживание
admin-button-maintenance-off = ✅ Закончить обслуживание
admin-button-refresh = 🔄 Обновить
admin-button-back = ← Назад
admin-button-close = Закрыть

# Люди.
admin-who = О ком речь? Укажите номер или имя пользователя или ответьте на сообщение этого человека. Например: <code>{ $example }</code>
admin-nobody = Я не знаю никого по имени { $who }. Люди становятся мне известны, когда напишут мне.
admin-not-an-admin = Этот человек сам управляет ботом; сначала уберите его из настроек.
admin-user =
    <b>{ $name }</b> · <code>{ $id }</code>
    { $handle }
    Язык: { $spoken } · часы: { $zone }
    Появился: { $joined } · был здесь: { $seen }
    Кредиты на сегодня: <b>{ $left }</b> из { $daily }
    Избранное: { $favourites }
admin-user-no-handle = без имени пользователя
admin-user-banned = ⛔ Доступ закрыт
admin-user-blocked = 🚫 Заблокировал бота
admin-user-open =
    { $count ->
        [0] В очереди ничего нет.
        [one] <b>В очереди { $count } картина</b>
        [few] <b>В очереди { $count } картины</b>
       *[many] <b>В очереди { $count } картин</b>
    }
admin-user-latest = <b>Последние</b>
admin-job-line = #{ $id } { $status } · { $model } · { $age }
admin-status-queued = в очереди
admin-status-running = рисуется
admin-status-done = готово
admin-status-delivered = готово
admin-status-failed = не удалось
admin-status-cancelled = отменено
admin-ago = { $time } назад
admin-button-ban = ⛔ Закрыть доступ
admin-button-unban = Открыть доступ
admin-button-grant = +{ $credits } сегодня
admin-button-default-quota = Обычная квота
admin-quota-now = { $who }: кредиты на сегодня — { $left } из { $daily }; новые появятся через { $wait }.
admin-quota-set = { $who }: кредитов в день теперь { $daily }; на сегодня осталось { $left }.
admin-quota-granted = { $who }: кредиты на сегодня — { $left } ({ $delta }).
admin-quota-usage = Это не количество. <code>{ $example }</code> задаёт кредиты на день, <code>+50</code> и <code>-50</code> меняют сегодняшние, <code>default</code> возвращает обычные.
admin-quota-too-large = Столько я не сосчитаю. Предел — { $limit }.
admin-banned =
    { $stopped ->
        [0] { $who }: доступ закрыт.
        [one] { $who }: доступ закрыт; остановлена { $stopped } картина.
        [few] { $who }: доступ закрыт; остановлены { $stopped } картины.
       *[many] { $who }: доступ закрыт; остановлено { $stopped } картин.
    }
admin-already-banned = { $who }: доступ уже закрыт.
admin-unbanned = { $who }: доступ снова открыт.
admin-not-banned = { $who }: доступ и не закрывали.
# Говорится самому человеку.
banned-notice = Рисовать здесь больше нельзя: тот, кто держит бота, закрыл вам доступ. Всё, что стояло в очереди, остановлено.
unbanned-notice = С возвращением: вы снова можете рисовать.

# Задания и движки.
admin-jobs =
    { $count ->
        [0] В очереди ничего нет.
        [one] <b>{ $count } открытое задание</b>
        [few] <b>{ $count } открытых задания</b>
       *[many] <b>{ $count } открытых заданий</b>
    }
admin-jobs-running = #{ $id } рисуется · { $owner } · { $model } · { $age }
admin-jobs-queued = #{ $id } место { $place } · { $owner } · { $model } · { $age }
admin-jobs-page = Страница { $page } из { $pages }
admin-button-earlier = ‹ Раньше
admin-button-later = Дальше ›
admin-button-cancel-job = Отменить #{ $id }
admin-job-gone = Это задание уже закончилось.
admin-engines =
    { $count ->
        [one] <b>{ $count } устройство</b>
        [few] <b>{ $count } устройства</b>
       *[many] <b>{ $count } устройств</b>
    }
admin-engines-starting = Движки ещё запускаются. Задания их ждут.
admin-device =
    <b>{ $name }</b>: { $state }
    { $bar } · { $used } из { $budget } ГиБ
admin-device-busy =
    { $running ->
        [one] { $running } задание в работе
        [few] { $running } задания в работе
       *[many] { $running } заданий в работе
    }
admin-device-waiting = , ещё { $waiting } ждут
admin-device-idle = свободно
admin-resident = · { $name }: { $size }{ $leased }
admin-resident-leased = , используется
admin-size-gib = { $size } ГиБ
admin-size-mib = { $size } МиБ
admin-device-empty = · ничего не загружено

# Обслуживание.
admin-maintenance-usage = Скажите <code>{ $example_on }</code> (эти слова увидят все) или <code>{ $example_off }</code>.
admin-maintenance-on = 🚧 Обслуживание начато. Новое не принимается; всё, что в очереди, дорисуется, и я скажу, когда это будет сделано.
admin-maintenance-off = ✅ Обслуживание закончено. Тем, кому отказали, я напишу.
admin-maintenance-was-off = Обслуживания и так нет.
admin-maintenance-is-on = 🚧 Идёт обслуживание.
admin-maintenance-is-off = Обслуживания нет.
maintenance-drained = В очереди больше ничего нет. Бота можно остановить.
maintenance-over = Я снова рисую. Пришлите описание ещё раз.
maintenance-refused = Сейчас я не беру новых картин: идёт обслуживание. Всё, что уже в очереди, дорисуется, а когда обслуживание закончится, я напишу.
maintenance-refused-words =
    Сейчас я не беру новых картин: { $words }

    Всё, что уже в очереди, дорисуется, а когда обслуживание закончится, я напишу.
toast-maintenance = Идёт обслуживание, новых картин я сейчас не беру. Когда оно закончится, я напишу.

# Рассылки.
admin-broadcast-usage = Напишите текст после команды или отправьте её в ответ на сообщение, которое должны получить все. Например: <code>{ $example }</code>
admin-broadcast-ask =
    { $recipients ->
        [0] Этого никто не получит: никто другой мне ещё не писал.
        [one] Это получит <b>{ $recipients } человек</b>. Отправить?
        [few] Это получат <b>{ $recipients } человека</b>. Отправить?
       *[many] Это получат <b>{ $recipients } человек</b>. Отправить?
    }
admin-broadcast-running =
    <b>Отправляю</b>
    { $bar }
    { $handled } из { $recipients }
admin-broadcast-done = <b>Отправлено всем</b>
admin-broadcast-stopped = <b>Остановлено</b>
admin-broadcast-counts =
    Дошло: { $sent }
    Заблокировали бота: { $blocked }
    Не удалось: { $failed }
admin-broadcast-unsure = Неизвестно из-за перезапуска: { $unsure }
admin-broadcast-took = Заняло { $time }.
admin-broadcast-dropped = Ничего не отправлено.
admin-broadcast-over = Это уже закончилось.
admin-broadcast-busy = Уже идёт другая рассылка. Дождитесь её или остановите.
admin-button-send = Отправить ({ $recipients })
admin-button-drop = Не отправлять
admin-button-stop = Остановить

# Цифры.
admin-stats-day = <b>Последние 24 часа</b>
admin-stats-week = <b>Последние 7 дней</b>
admin-stats-jobs = Задания: готово { $done }, не удалось { $failed }, отменено { $cancelled }
admin-stats-wait = Ожидание: в среднем { $mean }, половина до { $p50 }, 95 из 100 до { $p95 }
admin-stats-run = Рисование: в среднем { $mean }, половина до { $p50 }, 95 из 100 до { $p95 }
admin-stats-users =
    { $users ->
        [one] Рисовал { $users } человек
        [few] Рисовали { $users } человека
       *[many] Рисовали { $users } человек
    }
admin-stats-failure = · { $code }: { $count }
admin-stats-busiest = <b>Больше всех</b>
admin-stats-busy = { $number }. { $who }: { $count }
admin-stats-empty = За это время никто не рисовал.
admin-stats-usage = Скажите <code>/stats day</code> или <code>/stats week</code>.
chart-title-day = Последние 24 часа
chart-title-week = Последние 7 дней
chart-jobs = Задания (время по { $zone })
chart-done = готово
chart-failed = не удалось
chart-cancelled = отменено
chart-seconds = Секунды
chart-wait = ожидание
chart-run = рисование
chart-failures = Неудачи по причинам
chart-busiest = Больше всех рисовали
chart-nothing = нет
chart-person = № { $number }

# Журнал.
admin-audit = <b>Что делали администраторы, сначала новое</b>
admin-audit-empty = Администраторы ещё ничего не делали.
admin-audit-line = { $at } { $admin }: { $action } { $target } { $details }

# Это показывает Telegram в меню команд администраторов.
command-admin = Пульт
command-user = Человек: расход, задания, квота
command-ban = Закрыть доступ
command-unban = Открыть доступ
command-jobs = Всё, что в очереди
command-engines = Устройства и память
command-maintenance = Не брать нового: on или off
command-broadcast = Написать всем
command-stats = Цифры за день или неделю
command-audit = Что делали администраторы
