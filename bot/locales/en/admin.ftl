# The panel.
admin-panel =
    <b>Control room</b>
    In line: <b>{ $queued }</b> · painting: <b>{ $running }</b>
    Longest wait: <b>{ $wait }</b>
    Maintenance: <b>{ $maintenance }</b>
admin-panel-commands =
    /user, /quota, /ban, /unban: people, by id, user name, or in reply to their message
    /jobs, /engines, /stats, /audit: what is going on
    /maintenance, /broadcast: words to everybody
admin-on = on
admin-off = off
admin-nothing-waits = nobody waits
admin-button-jobs = 🧾 Jobs
admin-button-engines = 🖥 Engines
admin-button-day = 📈 Day
admin-button-week = 📈 Week
admin-button-audit = 🗒 Audit
admin-button-maintenance-on = 🚧 Maintenance on
admin-button-maintenance-off = ✅ Maintenance off
admin-button-refresh = 🔄 Refresh
admin-button-back = ← Back
admin-button-close = Close

# People.
admin-who = Whom do you mean? Give an id or a user name, or reply to a message of theirs. For example: <code>{ $example }</code>
admin-nobody = I know nobody called { $who }. I know people once they have written to me.
admin-not-an-admin = That is somebody who runs this bot; take them out of the settings first.
admin-user =
    <b>{ $name }</b> · <code>{ $id }</code>
    { $handle }
    Language: { $spoken } · clock: { $zone }
    Joined: { $joined } · last seen: { $seen }
    Credits today: <b>{ $left }</b> of { $daily }
    Favourites: { $favourites }
admin-user-no-handle = no user name
admin-user-banned = ⛔ Banned
admin-user-blocked = 🚫 Has blocked the bot
admin-user-open =
    { $count ->
        [0] Nothing in line.
        [one] <b>{ $count } picture in line</b>
       *[other] <b>{ $count } pictures in line</b>
    }
admin-user-latest = <b>Latest</b>
admin-job-line = #{ $id } { $status } · { $model } · { $age }
admin-status-queued = in line
admin-status-running = painting
admin-status-done = done
admin-status-delivered = done
admin-status-failed = failed
admin-status-cancelled = cancelled
admin-ago = { $time } ago
admin-button-ban = ⛔ Ban
admin-button-unban = Lift the ban
admin-button-grant = +{ $credits } today
admin-button-default-quota = Usual quota
admin-quota-now = { $who }: credits today: { $left } of { $daily }; new ones come in { $wait }.
admin-quota-set = { $who }: credits a day are { $daily } now; left today: { $left }.
admin-quota-granted = { $who }: credits left today: { $left } ({ $delta }).
admin-quota-usage = That is no amount. <code>{ $example }</code> sets the daily credits, <code>+50</code> and <code>-50</code> change today's, <code>default</code> goes back to the usual.
admin-quota-too-large = That is more than I can count. The limit is { $limit }.
admin-banned =
    { $stopped ->
        [0] { $who } is banned.
        [one] { $who } is banned; { $stopped } picture is stopped.
       *[other] { $who } is banned; { $stopped } pictures are stopped.
    }
admin-already-banned = { $who } is banned already.
admin-unbanned = { $who } may paint again.
admin-not-banned = { $who } is not banned.
# Said to the person.
banned-notice = You can no longer paint here: the person who runs this bot has closed your access. What was in line is stopped.
unbanned-notice = Welcome back: you can paint again.

# Jobs and engines.
admin-jobs =
    { $count ->
        [0] Nothing is in line.
        [one] <b>{ $count } open job</b>
       *[other] <b>{ $count } open jobs</b>
    }
admin-jobs-running = #{ $id } painting · { $owner } · { $model } · { $age }
admin-jobs-queued = #{ $id } { ORDINAL($place) } in line · { $owner } · { $model } · { $age }
admin-jobs-page = Page { $page } of { $pages }
admin-button-earlier = ‹ Earlier
admin-button-later = Later ›
admin-button-cancel-job = Cancel #{ $id }
admin-job-gone = That job is over.
admin-engines =
    { $count ->
        [one] <b>{ $count } device</b>
       *[other] <b>{ $count } devices</b>
    }
admin-engines-starting = The engines are still starting. Jobs wait for them.
admin-device =
    <b>{ $name }</b>: { $state }
    { $bar } · { $used } of { $budget } GiB
admin-device-busy =
    { $running ->
        [one] { $running } task at work
       *[other] { $running } tasks at work
    }
admin-device-waiting = , { $waiting } more in its line
admin-device-idle = idle
admin-resident = · { $name }: { $size }{ $leased }
admin-resident-leased = , in use
admin-size-gib = { $size } GiB
admin-size-mib = { $size } MiB
admin-device-empty = · nothing loaded

# Maintenance.
admin-maintenance-usage = Say <code>{ $example_on }</code> (the words are shown to everybody) or <code>{ $example_off }</code>.
admin-maintenance-on = 🚧 Maintenance is on. New wishes are refused; what is in line is finished, and I tell you when that is done.
admin-maintenance-off = ✅ Maintenance is off. Who was refused is told.
admin-maintenance-was-off = Maintenance is off already.
admin-maintenance-is-on = 🚧 Maintenance is on.
admin-maintenance-is-off = Maintenance is off.
maintenance-drained = Nothing is in line any more. The bot can be stopped now.
maintenance-over = I am back. Send me your words again.
maintenance-refused = I take no new pictures at the moment: I am being looked after. What is in line already is finished, and I tell you when it is over.
maintenance-refused-words =
    I take no new pictures at the moment: { $words }

    What is in line already is finished, and I tell you when it is over.
toast-maintenance = I am being looked after and take no new pictures at the moment. I tell you when it is over.

# Broadcasts.
admin-broadcast-usage = Write the words behind the command, or send it in reply to the message that everybody shall get. For example: <code>{ $example }</code>
admin-broadcast-ask =
    { $recipients ->
        [0] Nobody would get this: nobody else has written to me yet.
        [one] This goes to <b>{ $recipients } person</b>. Send it?
       *[other] This goes to <b>{ $recipients } people</b>. Send it?
    }
admin-broadcast-running =
    <b>Sending</b>
    { $bar }
    { $handled } of { $recipients }
admin-broadcast-done = <b>Sent to everybody</b>
admin-broadcast-stopped = <b>Stopped</b>
admin-broadcast-counts =
    Arrived: { $sent }
    Blocked the bot: { $blocked }
    Failed: { $failed }
admin-broadcast-unsure = Not sure, because of a restart: { $unsure }
admin-broadcast-took = It took { $time }.
admin-broadcast-dropped = Nothing is sent.
admin-broadcast-over = This is over already.
admin-broadcast-busy = Another broadcast is on its way. Wait for it or stop it.
admin-button-send = Send to { $recipients }
admin-button-drop = Do not send
admin-button-stop = Stop sending

# Statistics.
admin-stats-day = <b>The last 24 hours</b>
admin-stats-week = <b>The last 7 days</b>
admin-stats-jobs = Jobs: { $done } done, { $failed } failed, { $cancelled } cancelled
admin-stats-wait = Wait: { $mean } on average, half under { $p50 }, 95 of 100 under { $p95 }
admin-stats-run = Painting: { $mean } on average, half under { $p50 }, 95 of 100 under { $p95 }
admin-stats-users =
    { $users ->
        [one] { $users } person painted
       *[other] { $users } people painted
    }
admin-stats-failure = · { $code }: { $count }
admin-stats-busiest = <b>Busiest</b>
admin-stats-busy = { $number }. { $who }: { $count }
admin-stats-empty = Nobody painted in this time.
admin-stats-usage = Say <code>/stats day</code> or <code>/stats week</code>.
chart-title-day = The last 24 hours
chart-title-week = The last 7 days
chart-jobs = Jobs (times in { $zone })
chart-done = done
chart-failed = failed
chart-cancelled = cancelled
chart-seconds = Seconds
chart-wait = wait
chart-run = painting
chart-failures = Failures by reason
chart-busiest = Busiest people
chart-nothing = none
chart-person = No. { $number }

# The audit.
admin-audit = <b>What admins did, newest first</b>
admin-audit-empty = No admin has done anything yet.
admin-audit-line = { $at } { $admin }: { $action } { $target } { $details }

# Shown by Telegram in the command menu of admins.
command-admin = Control room
command-user = A person: use, jobs, quota
command-ban = Close somebody's access
command-unban = Open it again
command-jobs = Everything in line
command-engines = Devices and memory
command-maintenance = Take nothing new: on or off
command-broadcast = Write to everybody
command-stats = Figures of a day or a week
command-audit = What admins did
