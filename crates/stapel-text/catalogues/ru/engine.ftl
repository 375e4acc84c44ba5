### engine: Docker и compose на сервере

engine-unreachable = Демон Docker не отвечает по адресу { $socket }: { $error }
    .remedy = Запустите Docker (systemctl start docker) или укажите в DOCKER_HOST сокет, на котором он слушает. Если он ещё не установлен, это сделает `stapel host prepare`, спросив сначала.
engine-denied = Этому пользователю нельзя обращаться к демону Docker через { $socket }.
    .remedy = Добавьте пользователя в группу docker и войдите заново или входите как root, или добавьте become = "sudo" в таблицу цели в stapel.toml.
engine-host-unsupported = DOCKER_HOST равен { $host }, но Stapel обращается к Docker только через сокет самого сервера.
    .remedy = Уберите DOCKER_HOST на сервере или укажите в нём unix:///путь/к/docker.sock.
engine-request-failed = Docker отклонил запрос о { $object }: { $error }
    .remedy = Посмотрите { $object } на сервере командой docker inspect и журнал демона, затем повторите.

engine-compose-missing = На сервере нет compose: ни «docker compose», ни «docker-compose».
    .remedy = `stapel host prepare` установит тот, что подходит к Docker на сервере, спросив сначала. Или установите плагин compose (пакет docker-compose-plugin или docker-compose из вашего дистрибутива).
engine-compose-too-old = Compose { $compose } не может пересоздавать контейнеры с Docker { $engine } (API { $api }): он останавливает контейнер, а затем завершается с ошибкой KeyError 'ContainerConfig'.
    .remedy = Установите плагин compose (пакет docker-compose-plugin или docker-compose версии 2 из вашего дистрибутива). До этого не запускайте на этом сервере и docker-compose up.
engine-compose-file-missing = В каталоге { $directory } нет файла compose.
    .remedy = Укажите файлы compose в stapel.toml.
engine-config-invalid = Compose не принимает { $files }: { $output }
    .remedy = Исправьте файл. «docker compose -f … config -q» на сервере скажет то же самое вместе со значениями, которые здесь скрыты.
engine-config-unreadable = Не удалось разобрать то, что compose { $version } выводит по команде «config».
    .remedy = Запустите compose config вручную; если вывод верный, сообщите версию compose и структуру файла.
engine-compose-failed = compose { $doing } завершился с кодом { $code }: { $output }
    .remedy = Запустите команду на сервере вручную, чтобы увидеть причину, затем повторите.
engine-project-ambiguous = Из файлов в каталоге { $directory } созданы контейнеры нескольких проектов: { $names }.
    .remedy = Укажите имя проекта в stapel.toml.
engine-service-unknown = В файлах compose нет сервиса { $service }. Есть: { $known }.
    .remedy = Исправьте имя сервиса в stapel.toml или в файле compose.

engine-image-pinned = У сервиса { $service } образ указан по дайджесту ({ $image }), его нельзя направить на другой образ.
    .remedy = Укажите в файле compose тег образа вместо дайджеста.
engine-image-missing = Образа { $image } сервиса { $service } нет на сервере.
    .remedy = Соберите или скачайте его, затем повторите.
engine-argv-empty = Команда для сервиса { $service } пуста.
    .remedy = Запишите команду в stapel.toml.
engine-temp-path = Имя каталога временных файлов записано не в UTF-8.
    .remedy = Укажите на сервере в TMPDIR другой каталог.
engine-temp-failed = Не удалось записать временный файл в каталоге { $directory }: { $error }
    .remedy = Проверьте права на каталог и свободное место на диске, затем повторите.
engine-once-lost = Контейнер { $container } разового запуска исчез прежде, чем удалось прочитать его код завершения.
    .remedy = Проверьте, не удалил ли его кто-нибудь, не перезапускался ли Docker и что команда успела сделать; затем повторите.
engine-candidate-wrong = Кандидата { $container } сервиса { $service } нет, или он создан не из того образа.
    .remedy = Проверьте, не собирает ли и не выкладывает ли сейчас кто-то ещё; затем повторите.
engine-real-missing = compose up сообщил об успехе, но контейнера сервиса { $service } нет.
    .remedy = Посмотрите на сервере docker ps -a; возможно, для сервиса не положено ни одного контейнера (scale, profiles).
engine-not-running = Сервис { $service } не работает, поэтому выполнить в нём команду нельзя.
    .remedy = Запустите сервис, затем повторите.
engine-log-unreadable = Лог нельзя прочитать: Docker отдаёт его драйверу "{ $driver }" и ничего не хранит.
    .remedy = Смотрите там, куда его отправляет этот драйвер, или задайте сервису `logging: {"{"} driver: local {"}"}` в файле compose и выпустите релиз.
