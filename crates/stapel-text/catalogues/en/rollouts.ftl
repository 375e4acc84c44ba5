### rollouts
rollouts-why-start = the service does not run yet
rollouts-why-relay = a candidate serves while the real instance is recreated: no request is lost
rollouts-why-recreate = stapel.toml says so: two of it may not run at once, and nobody serves until the new one does
rollouts-why-recreate-copies = there are { $copies } of it, for which no single candidate can stand in: they are stopped and made anew together
rollouts-recreate-does = stop { $service } and make it anew by the team's own command
rollouts-recreate-gap = { $service } was away for { $gap } at most, until it was healthy again
rollouts-why-restart = no other instance stands in for it: requests may be lost until it is back
rollouts-restart-does = stop { $service } and start it again, as it is
rollouts-restart-undoes = start { $service } where it is stopped
rollouts-restart-gap = { $service } was away for { $gap }, from the order to stop until it was healthy again
rollouts-restart-not-healthy = { $instance } was started again and did not become healthy: { $detail }
        The end of its log:
        { $logs }
    .remedy = It is left running as it is. Put right what the log says; `stapel rollback` puts the release before in service again.
rollouts-start-does = start { $service }
rollouts-start-undoes = stop { $service }
rollouts-candidate-does = start a candidate of { $service } beside it and ask the checks of it
rollouts-candidate-undoes = remove the candidate
rollouts-divert-does = let the candidate take the traffic; what is open after { $drain } (a WebSocket, a stream) is cut
rollouts-divert-undoes = let the real instance take the traffic again
rollouts-replace-does = recreate { $service } by the team's own command
rollouts-replace-undoes = recreate the former { $service }
rollouts-restore-does = hand the traffic back and remove the candidate
rollouts-restore-undoes = let a candidate of the former version take the traffic
rollouts-prepare-standby-does = make a copy of { $service } as it is, for the way back
rollouts-prepare-standby-undoes = remove the copy
rollouts-standby-does = keep the former { $service } ready until the release has ended
rollouts-standby-undoes = let the former version that stands by take the traffic
rollouts-standby-serves = the former { $service } serves again
rollouts-no-standby = the former version does not stand by, so a way back takes longer: { $why }
rollouts-left-open =
    { $left ->
        [one] one connection was kept open by its client and is closed now
       *[other] { $left } connections were kept open by their clients and are closed now
    }
rollouts-await-healthy = { $service } becomes healthy
rollouts-unhealthy = its health check fails: { $said }
rollouts-exited = it has ended with exit code { $code }
rollouts-gone = it is gone
rollouts-not-healthy = { $instance } did not become healthy: { $detail }
        The end of its log:
        { $logs }
    .remedy = Put right what the log says and deploy again. The former version goes on serving.
rollouts-no-real = There is no instance of { $service } to hand the traffic to.
    .remedy = Look at `stapel status` and `stapel logs`; `docker compose up -d` in the app's directory makes one.
rollouts-no-candidate = The candidate of { $service } has disappeared.
    .remedy = Something else removed it; see that nothing prunes containers on the host during a release, and deploy again.
rollouts-unknown = This Stapel knows no phase { $phase } of a rollout { $rollout }.
    .remedy = The release was planned by another version: use that one.
rollouts-start-runs = The service { $service } runs, and stapel.toml allows only to start it where it does not (rollout = "start"): two of it may not run at once.
    .remedy = Stop it on the host (`docker compose stop { $service }`) and deploy: the release starts the new version. Nothing was changed.
rollouts-none = No rollout suits the service { $service } (wanted: { $wanted }).
    .remedy = Take the key `rollout` out of its table in stapel.toml and let Stapel choose.
