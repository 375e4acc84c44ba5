### probe
probe-ok = answered { $status }
probe-status = answered { $status }, which is not expected
probe-body = the answer does not contain "{ $wanted }"
probe-no-match = nothing in the answer matches "{ $pattern }"
probe-slow = the answer took { $took }, and { $limit } is the most
probe-json-uncountable = the JSON answer has { $found } at "{ $pointer }", where nothing can be counted
probe-json-few = the JSON answer has { $count } at "{ $pointer }", expected at least { $least }
probe-json-many = the JSON answer has { $count } at "{ $pointer }", expected at most { $most }
probe-json-no-list = the JSON answer has { $found } at "{ $pointer }", expected a list
probe-json-twice = the JSON answer has { $key } more than once in the list at "{ $pointer }"
probe-no-json = the answer is not JSON: { $error }
probe-json-missing = the JSON answer has nothing at "{ $pointer }"
probe-json-differs = the JSON answer has { $found } at "{ $pointer }", expected { $wanted }
probe-no-answer = no answer: { $error }
probe-timeout = no whole answer within { $limit }
probe-unusable = this cannot be asked: { $error }
probe-pattern = "{ $pattern }" is not a regular expression: { $error }
    .remedy = Correct the pattern for log lines in stapel.toml.
probe-worse-fails = { $check } was fine before and has now failed { $times ->
    [one] { $times } time
   *[other] { $times } times
} in a row: { $detail }
probe-worse-server-errors = { $check } was answered with a server error { $count ->
    [one] { $count } time
   *[other] { $count } times
} (looks: { $looks }), more often than before
probe-worse-slow = { $check } takes { $now } ms, before it took { $before } ms (median)
probe-worse-again = { $check } was broken, came right and fails again: { $detail }
probe-worse-route = { $route } answers with server errors: { $count } of { $requests } requests in the logs, before { $before } of { $of }
probe-worse-requests = more requests than before are answered with a server error: { $count } of { $requests } in the logs, before { $before } of { $of }
probe-worse-ails = { $service } was well before and is not now: { $what }
probe-ails-ended = it has ended with exit code { $code }
probe-ails-unhealthy = its health check says "{ $what }"
probe-worse-restarts = { $service } has ended by itself and was started again { $times ->
    [one] once
   *[other] { $times } times
}
probe-worse-memory = { $service } uses { $now } of memory and goes on growing; when it was warm it was { $first }
probe-worse-cpu = { $service } takes { $now } % of a processor all the time, before it took { $before } %
probe-worse-log = new in the logs: { $line }
probe-worse-logs-more = and { $count ->
    [one] { $count } more new kind of error
   *[other] { $count } more new kinds of errors
} in the logs
