### wire
wire-host-bad = { $host } не может быть именем сервера.
    .remedy = Укажите local или то, что понимает ssh: deploy@web.example, ssh://deploy@web.example:2222 или имя из вашего файла настроек ssh.
wire-no-ssh = Не удалось запустить ssh на этой машине: { $error }
    .remedy = Установите на этой машине клиент OpenSSH.
wire-unreachable = Нет связи с { $host }: { $said }
    .remedy = Проверьте имя, сеть и порт; команда «ssh { $host }» должна работать вручную.
wire-permission = { $host } не пускает: { $said }
    .remedy = Проверьте имя пользователя и то, что ваш ключ есть в агенте (ssh-add -l) и в authorized_keys на сервере; команда «ssh { $host }» должна работать вручную без пароля.
wire-host-key = Ключ сервера { $host } неизвестен или изменился: { $said }
    .remedy = Сверьте отпечаток ключа с владельцем сервера. Если он верен, один раз войдите вручную: «ssh { $host }», или удалите старый ключ командой ssh-keygen -R.
wire-ssh-failed = Ошибка ssh при подключении к { $host }: { $said }
    .remedy = Попробуйте «ssh { $host }» вручную и исправьте то, на что он жалуется.
wire-shell = Оболочка входа на { $host } не выполнила команду Stapel (код возврата { $code }): { $said }
    .remedy = Проверьте, что этому пользователю разрешено входить и выполнять команды: ssh { $host } true
wire-agent-cannot-run = Агент Stapel не запускается на { $host } ({ $machine }, код возврата { $code }): { $said }
    .remedy = Запустите там вручную файл, названный в сообщении; возьмите сборку Stapel для { $machine }, которой не нужны библиотеки (её делает cargo xtask dist).
wire-machine-unfit = { $host } — это { $machine }, а агент собран для { $agent }.
    .remedy = Положите сборку для { $machine } в { $place } (cargo xtask dist сделает её или скажет как) или укажите её в переменной окружения STAPEL_AGENT.
wire-no-space = На диске { $host } нет места: { $said }
    .remedy = Освободите там место в домашнем каталоге или в /var/tmp и повторите.
wire-cannot-write = Не удалось записать агент Stapel на { $host }: { $said }
    .remedy = Повторите. Если ошибка осталась, проверьте там диск (dmesg) и кто ещё меняет названный каталог.
wire-no-place =
    Агент Stapel некуда положить на { $host }:
    { $places }
    .remedy = Хватит одного из этих мест. Пусть это будет каталог пользователя, который входит на сервер, с правами 0700, на файловой системе, доступной для записи и смонтированной без noexec; например, от имени root там: install -d -m 700 -o USER /var/lib/stapel-agents-$(id -u USER)
wire-sudo-password = sudo на { $host } спрашивает у { $user } пароль, а ввести его некому: { $said }
    .remedy =
        Добавьте там отдельным файлом, командой «visudo -f /etc/sudoers.d/stapel», строку: { $user } ALL=(root) NOPASSWD: ALL
        Или входите как root и уберите `become`.
wire-sudo-refused = sudo на { $host } не разрешает { $user } запускать агент Stapel от имени root: { $said }
    .remedy = Команда «sudo -n true» должна работать там вручную. Это разрешает строка, добавленная командой «visudo -f /etc/sudoers.d/stapel»: { $user } ALL=(root) NOPASSWD: ALL
wire-no-sudo = На { $host } нет sudo, а у цели указано become = "sudo".
    .remedy = Установите там sudo или входите как root и уберите `become`.
wire-places =
    { $first }
    { $next }
wire-place-missing = { $path }: домашнего каталога нет
wire-place-foreign = { $path }: принадлежит другому, или это ссылка, или туда могут войти другие
wire-place-noexec = { $path }: программы там не запускаются (noexec)
wire-place-write = { $path }: запись невозможна: { $said }
wire-no-hasher = На { $host } нет ни sha256sum, ни shasum, проверить агент там нечем.
    .remedy = Установите там пакет coreutils.
wire-arrived-damaged = Агент дошёл до { $host } повреждённым и был удалён.
    .remedy = Повторите. Если ошибка осталась, данные портятся в пути или программу пересобрали во время передачи.
wire-local-failed = { $program } не запустился на этой машине как агент: { $said }
    .remedy = Проверьте, что программа запускается; STAPEL_AGENT, если задана, должна указывать на файл Stapel.
wire-no-hello = Агент не ответил. Вместо ответа пришло: { $said }
    .remedy = Посмотрите, что печатают сценарии входа на сервере и может ли там запуститься агент.
wire-hello-late = Агент не ответил за { $limit }.
    .remedy = Посмотрите, насколько загружен сервер и чего ждут сценарии входа на нём.
wire-protocol = На другой стороне Stapel { $version } с протоколом { $theirs }, на этой — протокол { $ours }.
    .remedy = Возьмите одну версию на обеих сторонах; если STAPEL_AGENT не задана, Stapel сам передаёт свой агент.
wire-too-long = Сообщение в { $length } байт длиннее предела в { $limit } байт.
    .remedy = Это ошибка Stapel или посторонняя программа на линии; пожалуйста, сообщите о ней.
wire-garbage = С другой стороны пришло не сообщение (первый байт { $byte }).
    .remedy = Что-то на сервере пишет в стандартный вывод агента. Проверьте там сценарии входа.
wire-not-understood = Сообщение с другой стороны не удалось разобрать: { $error }
    .remedy = Возьмите одну и ту же версию Stapel на обеих сторонах.
wire-cut = Связь прервалась: { $error }
    .remedy = Подключитесь снова. Начатый релиз продолжается: его покажет stapel attach.
