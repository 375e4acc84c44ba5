### units, and problems that any room may have
unit-b = { $n } Б
unit-kb = { $n } КБ
unit-mb = { $n } МБ
unit-gb = { $n } ГБ
unit-s = { $n } с
unit-min = { $m } мин { $n } с

command-failed = { $command }: ошибка: { $output }
    .remedy = Запустите команду на сервере вручную, чтобы увидеть причину, затем повторите.
command-missing = { $command } не удалось запустить: на сервере его нет.
    .remedy = Установите пакет, в котором есть { $command }, и повторите.
io-failed = { $path }: { $error }
    .remedy = Проверьте владельца файла, права и свободное место на диске, затем повторите.
timed-out = { $what }: не дождались за { $limit }.
    .remedy = Посмотрите, чего ждём; если нужно просто больше времени, увеличьте предел.
