# Единственное сообщение о состоянии задания, по порядку его жизни.
status-queued = Место в очереди: { $place }, ждать примерно { $wait }
status-queued-next = Вы следующие, ждать примерно { $wait }
status-queued-no-estimate = Место в очереди: { $place }
status-queued-next-no-estimate = Вы следующие
status-starting = Готовлю холст…
status-loading = Бужу модель… Первая картина получается чуть дольше.
status-encoding = Читаю ваши слова…
status-imagining =
    <b>Представляю ваши слова</b>
    { $bar }
    шаг { $step } из { $steps }
status-sampling =
    <b>Рисую</b>
    { $bar }
    шаг { $step } из { $steps }
status-refining =
    <b>Прорабатываю детали</b>
    { $bar }
    шаг { $step } из { $steps }
status-decoding =
    <b>Последние штрихи</b>
    { $bar }
status-sending = Несу картину…
status-cancelling = Останавливаю…
status-cancelled =
    { $credits ->
        [0] Отменено.
        [one] Отменено. На счёт вернулся { $credits } кредит.
        [few] Отменено. На счёт вернулись { $credits } кредита.
       *[many] Отменено. На счёт вернулось { $credits } кредитов.
    }

duration-moment = пару секунд
duration-seconds = { $seconds } с
duration-minutes = { $minutes } мин
duration-hours = { $hours } ч
duration-hours-minutes = { $hours } ч { $minutes } мин

# /queue
queue-title =
    { $count ->
        [one] <b>В очереди { $count } картина</b>
        [few] <b>В очереди { $count } картины</b>
       *[many] <b>В очереди { $count } картин</b>
    }
queue-line = { $number }. { $prompt } — { $state }
queue-more = …и ещё { $count }.
queue-state-running = рисую прямо сейчас
queue-empty = В очереди ничего нет. Напишите, что хотите увидеть, и я сразу начну.

# /cancel
cancel-nothing = Останавливать нечего: ваших картин в очереди нет.
cancel-done =
    { $count ->
        [one] Остановлена { $count } картина.
        [few] Остановлены { $count } картины.
       *[many] Остановлено { $count } картин.
    }
