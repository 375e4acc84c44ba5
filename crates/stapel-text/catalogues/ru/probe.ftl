### probe
probe-ok = ответ { $status }
probe-status = ответ { $status }, а ожидался другой
probe-body = в ответе нет «{ $wanted }»
probe-no-match = в ответе ничто не соответствует «{ $pattern }»
probe-slow = ответ занял { $took }, а допустимо не больше { $limit }
probe-json-uncountable = в JSON-ответе по указателю «{ $pointer }» стоит { $found }: здесь нечего считать
probe-json-few = в JSON-ответе по указателю «{ $pointer }» всего { $count }, а ожидалось не меньше { $least }
probe-json-many = в JSON-ответе по указателю «{ $pointer }» целых { $count }, а ожидалось не больше { $most }
probe-json-no-list = в JSON-ответе по указателю «{ $pointer }» стоит { $found }, а ожидался список
probe-json-twice = в JSON-ответе { $key } встречается в списке по указателю «{ $pointer }» больше одного раза
probe-no-json = ответ не в формате JSON: { $error }
probe-json-missing = в JSON-ответе ничего нет по указателю «{ $pointer }»
probe-json-differs = в JSON-ответе по указателю «{ $pointer }» стоит { $found }, а ожидалось { $wanted }
probe-no-answer = ответа нет: { $error }
probe-timeout = полный ответ не пришёл за { $limit }
probe-unusable = такой запрос невозможен: { $error }
probe-pattern = «{ $pattern }» не является регулярным выражением: { $error }
    .remedy = Исправьте шаблон для строк журнала в stapel.toml.
probe-worse-fails = { $check }: раньше проверка проходила, теперь не прошла { $times ->
    [one] { $times } раз
    [few] { $times } раза
   *[other] { $times } раз
} подряд: { $detail }
probe-worse-server-errors = { $check }: сервер ответил ошибкой { $count ->
    [one] { $count } раз
    [few] { $count } раза
   *[other] { $count } раз
} (всего проверок: { $looks }), чаще, чем раньше
probe-worse-slow = { $check }: ответ занимает { $now } мс, раньше { $before } мс (медиана)
probe-worse-again = { $check }: проверка не проходила, прошла и снова не проходит: { $detail }
probe-worse-route = { $route } отвечает ошибками сервера: { $count } из { $requests } запросов в журнале, раньше { $before } из { $of }
probe-worse-requests = ошибок сервера больше, чем раньше: { $count } из { $requests } запросов в журнале, раньше { $before } из { $of }
probe-worse-ails = { $service }: раньше всё было в порядке, а теперь нет: { $what }
probe-ails-ended = завершился с кодом { $code }
probe-ails-unhealthy = его проверка говорит «{ $what }»
probe-worse-restarts = { $service } сам завершился и был запущен снова { $times ->
    [one] { $times } раз
    [few] { $times } раза
   *[other] { $times } раз
}
probe-worse-memory = { $service } занимает { $now } памяти и продолжает расти; после прогрева было { $first }
probe-worse-cpu = { $service } всё время занимает { $now } % процессора, раньше { $before } %
probe-worse-log = новое в журнале приложения: { $line }
probe-worse-logs-more = и ещё { $count ->
    [one] { $count } новый вид ошибок
    [few] { $count } новых вида ошибок
   *[other] { $count } новых видов ошибок
} в журнале приложения
