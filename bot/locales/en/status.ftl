# The one status message of a job, in the order of its life.
status-queued = { ORDINAL($place) } in line, about { $wait }
status-queued-next = Next in line, about { $wait }
status-queued-no-estimate = { ORDINAL($place) } in line
status-queued-next-no-estimate = Next in line
status-starting = Preparing the canvas…
status-loading = Waking the model… The first picture takes a little longer.
status-encoding = Reading your words…
status-imagining =
    <b>Imagining your words</b>
    { $bar }
    step { $step } of { $steps }
status-sampling =
    <b>Painting</b>
    { $bar }
    step { $step } of { $steps }
status-refining =
    <b>Adding the fine details</b>
    { $bar }
    step { $step } of { $steps }
status-decoding =
    <b>Last touches</b>
    { $bar }
status-sending = Here it comes…
status-cancelling = Stopping…
status-cancelled =
    { $credits ->
        [0] Cancelled.
        [one] Cancelled. { $credits } credit is back on your account.
       *[other] Cancelled. { $credits } credits are back on your account.
    }

duration-moment = a few seconds
duration-seconds = { $seconds } s
duration-minutes = { $minutes } min
duration-hours = { $hours } h
duration-hours-minutes = { $hours } h { $minutes } min

# /queue
queue-title =
    { $count ->
        [one] <b>{ $count } picture in line</b>
       *[other] <b>{ $count } pictures in line</b>
    }
queue-line = { $number }. { $prompt }: { $state }
queue-more = …and { $count } more.
queue-state-running = painting now
queue-empty = Nothing is in line. Write what you want to see, and I start right away.

# /cancel
cancel-nothing = There is nothing to stop: no picture of yours is in line.
cancel-done =
    { $count ->
        [one] Stopped { $count } picture.
       *[other] Stopped { $count } pictures.
    }
