### agent: the process on the host and the steps of a release
agent-state = Stapel не может хранить своё состояние в { $path }: { $error }
    .remedy = Входите как root, или добавьте become = "sudo" в таблицу цели в stapel.toml, или укажите там ключом `state` другой каталог на сервере.
agent-needs-root = План переводит трафик с одного контейнера на другой, а это на сервере может только root.
    .remedy = Входите как root или добавьте become = "sudo" в таблицу цели в stapel.toml.
agent-no-target = В stapel.toml нет цели "{ $name }"; есть: { $known }.
    .remedy = Назовите одну из них.
agent-no-service = В stapel.toml нет сервиса "{ $name }"; есть: { $known }.
    .remedy = Назовите один из них.
agent-no-compose-service = У приложения нет сервиса «{ $name }»; есть: { $known }.
    .remedy = Назовите один из них.
agent-no-tree = Этот релиз не пускает в работу никакого дерева: это ошибка в Stapel.
    .remedy = Сообщите о ней, пожалуйста.
agent-not-open = Агента спросили раньше, чем сказали ему, о каком приложении речь: это ошибка в Stapel.
    .remedy = Пожалуйста, сообщите о ней.
agent-no-content = Содержимое было объявлено и не пришло: связь оборвалась, или это ошибка в Stapel.
    .remedy = Повторите команду; то, что дошло, сохранено.
agent-task = Задача агента завершилась раньше времени: { $error }
    .remedy = Пожалуйста, сообщите об этом; ничего не осталось сделанным наполовину.
agent-await-begin = начало релиза
agent-run-ended = Процесс, который должен был выполнить релиз, завершился, не начав: { $said }
    .remedy = Повторите команду. Ничего не было изменено.
agent-plan-changed = С тех пор как план был составлен, на сервере что-то изменилось, и теперь план был бы другим.
    .remedy = Повторите команду и посмотрите новый план. Ничего не было изменено.
agent-died = Процесс, выполнявший релиз { $release }, завершился посреди него.
    .remedy = `stapel show { $release }` скажет, что стало с тем, что он начал.
agent-await-recovery = приведение в порядок того, что оставил погибший релиз
agent-guardian = Не удалось поставить стража, который доводит релиз до конца, если сервер упадёт посреди него.
    .remedy = Проверьте права на /etc/cron.d и /etc/systemd/system на сервере и то, что сказано в последней строке. Ничего не изменено.
agent-guardian-unit = systemd не принимает юнит { $unit }: он { $state }.
    .remedy = Посмотрите `systemctl status` этого юнита; старый systemd, возможно, нужно обновить.
agent-not-unfinished = Релиз { $release } завершён, подхватывать нечего.
    .remedy = `stapel history` покажет, чем кончились релизы.
agent-holder-other = Замок уже держит кто-то другой: { $who }, { $doing }.
    .remedy = Ничего не завершено. `stapel unlock` покажет нового владельца.
agent-database-incomplete = До базы { $database } не добраться с тем, что сказано в её таблице в stapel.toml.
    .remedy = Базе PostgreSQL нужен ключ `service` (и движок docker), `host` или `url`, базе SQLite — ключ `path`.
agent-no-database = План называет базу { $database }, которой нет в конфигурации.
    .remedy = Релиз спланирован по другой конфигурации: повторите команду.
agent-no-migration = План содержит миграцию, а таблицы [migration] в конфигурации нет.
    .remedy = Релиз спланирован по другой конфигурации: повторите команду.
agent-no-image = Нет образа { $service }, из которого можно взять миграции.
    .remedy = Посмотрите `docker images` на сервере; новая выкатка соберёт образ.
agent-image-gone = Образа { $service }, который ввёл в работу релиз { $release }, больше нет (метка { $tag }).
    .remedy = Вернитесь к более позднему релизу (`stapel history`) или выкатите старый коммит заново: образ будет собран снова.
agent-instance-ended = { $instance } завершился посреди выкатки.
    .remedy = Посмотрите `stapel logs`, исправьте то, о чём он говорит, и выкатите снова.
agent-await-drain = завершение открытых запросов у { $instance }
agent-rollback-nothing = Более раннего релиза, к которому можно вернуться, нет.
    .remedy = `stapel history` покажет, что есть.
agent-rollback-failed-one = Релиз { $release } никогда не был в работе.
    .remedy = Выберите в `stapel history` релиз с исходом «выполнен» или «найден».
agent-rollback-branches = У релиза { $release } было сразу несколько ревизий схемы, поэтому одной, до которой можно спуститься, нет.
    .remedy = Откатитесь без `--down`; спуститесь вручную, ветка за веткой.
agent-rollback-unknown-revision = В журнале нет, какая ревизия схемы была у релиза { $release }.
    .remedy = Откатитесь без `--down`; если схему нужно спустить, сделайте это вручную.
agent-still-stuck = Релиз { $release } всё ещё не отменён до конца, поэтому другой начаться не может.
    .remedy = Исправьте вручную то, что названо в последней строке, и повторите команду: она сначала закончит путь назад.
agent-check-failed = Проверка «{ $check }» не проходит: { $detail }
    .remedy = Исправьте то, о чём она говорит, и выкатите снова. Журнал приложения показывает `stapel logs`.
agent-watch-worse =
    { $count ->
        [one] Приложению хуже, чем до релиза: { $first }
        [few] Приложению хуже, чем до релиза ({ $count } причины): { $first }
       *[other] Приложению хуже, чем до релиза ({ $count } причин): { $first }
    }
    .remedy = Исправьте то, о чём сказано, и выкатите снова. Журнал приложения показывает `stapel logs`.
agent-watch-no-reason = причина не названа

agent-manifest-hash = Журнал называет манифест "{ $hash }", а это не хеш: он повреждён.
    .remedy = Восстановите журнал из копии каталога состояния Stapel или уберите этот каталог и выкатите как в первый раз.

agent-baseline-does = посмотреть на приложение как оно есть, чтобы было с чем сравнить
agent-baseline-broken = проверка «{ $check }» не проходит уже сейчас, до всяких изменений
agent-backup-does = снять дамп базы { $database } и прочитать его обратно целиком
agent-backup-done =
    { $tables ->
        [one] { $path }: { $size }, { $tables } таблица, проверен
        [few] { $path }: { $size }, { $tables } таблицы, проверен
       *[other] { $path }: { $size }, { $tables } таблиц, проверен
    }
agent-ship-does = положить файлы в { $path }
agent-ship-undoes = вернуть прежние файлы
agent-ship-done =
    { $files ->
        [one] заменён { $files } файл
        [few] заменены { $files } файла
       *[other] заменено { $files } файлов
    }
agent-ship-displaced = { $path } тем временем изменил кто-то другой; то содержимое сохранено в хранилище объектов
agent-keep-image-does = сохранить образ { $service }, который сейчас в работе
agent-keep-image-undoes = снять метку
agent-keep-image-kept = сохранён как { $name }
agent-build-does = собрать новый образ { $service }, пока работает старый
agent-build-undoes = вернуть { $service } прежний образ
agent-point-image-does = взять образ { $service } из релиза { $release }
agent-migrate-does = мигрировать схему из нового образа, пока работает старая версия
agent-migrate-undoes = мигрировать вниз, пока ни один запрос не дошёл до новой версии
agent-migrate-none = мигрировать нечего; схема на { $revision }
agent-migrate-done = схема: { $from } → { $to }
agent-migrate-stays = схема остаётся на { $revision }: видно, что прежняя версия с ней работает
agent-migrate-old-broken = Старая версия не работает с новой схемой.
    .remedy = Разделите изменение: сначала миграция, с которой уживутся обе версии, затем код, затем уборка. Схема возвращена назад.
agent-migrate-cannot-go-down = Схема на { $now }, была на { $before }, и запросы уже дошли до новой версии: спуск вниз мог бы потерять то, что они записали.
    .remedy = Проверьте, работает ли старая версия с нынешней схемой; если спускаться необходимо, сделайте это вручную. Снятый перед этим дамп назван в `stapel history`.
agent-migrate-down-does = спустить схему до { $to }
agent-migrate-down-undoes = мигрировать снова вверх
agent-verify-does = прогнать проверки
agent-verify-done =
    { $count ->
        [one] { $count } проверка прошла (за { $millis } мс)
        [few] { $count } проверки прошли (самая долгая за { $millis } мс)
       *[other] { $count } проверок прошли (самая долгая за { $millis } мс)
    }
agent-verify-image = Работает не тот { $service }, что собран этим релизом: кто-то заменил его за это время, или он завершился.
    .remedy = Релиз возвращается назад. Посмотрите в `stapel status`, что работает, и спросите, кто ещё выкатывает на этот хост; затем выкатите снова.
agent-verify-restarts = { $service } при старте сам завершался и запускался снова: { $times ->
    [one] { $times } раз
    [few] { $times } раза
   *[other] { $times } раз
}
agent-watch-does = сравнивать приложение с прежним в течение { $time }
agent-ask-does = спросить человека: { $question } (не дольше { $limit })
agent-ask-yes = да, говорит { $who }
agent-ask-silence = никто не ответил: вопрос остаётся открытым, релиз остаётся в работе
agent-ask-no = { $who }: на вопрос «{ $check }» ответ «нет».
    .remedy = Релиз возвращается назад. Разобраться нужно в том, что увидел человек.
agent-await-answer = ответ человека
agent-no-question = Релиз { $release } сейчас ни о чём таком не спрашивает.
    .remedy = `stapel show { $release }` покажет, о чём он спрашивал и что ответили. Ничего не изменено.
agent-no-check = План спрашивает о проверке «{ $check }», которой в конфигурации нет.
    .remedy = Составьте план заново: `stapel deploy`.
agent-no-phase = В конфигурации нет этапа { $phase }.
    .remedy = Составьте план заново: `stapel deploy`.
agent-phase-not-begun = Следующий этап начать не удалось. Этапы до него прошли свои рубежи и остаются в работе.
    .remedy = Исправьте то, о чём сказано ниже, и снова `stapel deploy`: он продолжит с этого места. `stapel rollback` вернёт назад все этапы.
agent-phases-late = О релизе { $release } ничего не было слышно с { $heard }; этап после него настолько позже без спроса не начинается.
    .remedy = `stapel deploy` продолжит с оставшихся этапов.
agent-phases-superseded = Начался другой релиз; оставшиеся этапы не продолжаются.
    .remedy = Его покажет `stapel history`. `stapel deploy` с теми же этапами продолжит с того места, где они остановились.
agent-phases-overtaken = Между этапами прошёл релиз { $release }; оставшиеся этапы не продолжаются.
    .remedy = Его покажет `stapel history`. `stapel deploy` с теми же этапами продолжит с того места, где они остановились.
agent-phase-nobody = Процесс, который должен был начать следующий этап, погиб, и пока никто не продолжил.
    .remedy = Этапы до него прошли свои рубежи и работают. Продолжает ли страж, покажет `stapel history`; иначе продолжит `stapel deploy`.
agent-notice-phase = этап { $number } из { $of }: { $name }
agent-watch-done =
    { $looks ->
        [one] { $looks } взгляд, не хуже прежнего
        [few] { $looks } взгляда, не хуже прежнего
       *[other] { $looks } взглядов, не хуже прежнего
    }
agent-watch-requests =
    { $count ->
        [one] { $count } запрос в журнале, ошибок сервера: { $errors }
        [few] { $count } запроса в журнале, ошибок сервера: { $errors }
       *[other] { $count } запросов в журнале, ошибок сервера: { $errors }
    }
agent-log-of = журнал { $name }
agent-log-file = { $path }
agent-log-unread = { $log } не читается: { $why }
agent-prune-does = отпустить дампы старше { $days } дн. и образы, кроме последних релизов ({ $releases })
agent-prune-does-cache = отпустить дампы старше { $days } дн., образы, кроме последних релизов ({ $releases }), и кэш сборки сверх { $cache }
agent-prune-done =
    образы и кэш сборки: { $tags ->
        [one] { $tags } тег
        [few] { $tags } тега
       *[other] { $tags } тегов
    }{ $unnamed ->
        [0] {""}
        [one] , { $unnamed } образ без имени
        [few] , { $unnamed } образа без имени
       *[other] , { $unnamed } образов без имени
    }, освобождено { $freed }; свободно { $free }, было { $before }
agent-prune-left = кое-что останется до следующего раза: { $why }

agent-examine-compose = compose подходит к движку
agent-examine-stops = сервисы завершаются, когда их просят
agent-examine-proxies = прокси, которые запоминают адрес сервиса, могут узнать новый
agent-stop-by-shell = { $service } запускается оболочкой (`sh -c`), которая не передаёт SIGTERM дальше: приложение убивают посреди запросов, когда выйдет всё время на завершение.
    .remedy = Запишите команду в Dockerfile или файле compose списком (`CMD ["программа", "аргумент"]`), начните её с `exec` или задайте `init: true` вместе со списком.
agent-stop-ignored = Первый процесс { $service } не реагирует на сигнал остановки: его убивают посреди запросов, когда выйдет всё время на завершение.
    .remedy = Пусть программа завершается по SIGTERM, или задайте `init: true` в файле compose, чтобы сигнал действовал как обычно.
agent-examine-plan = план можно составить: выкатки, диски, права
agent-examine-steering = трафик можно вести
agent-examine-memory = памяти хватит на две копии
agent-examine-ports = порты свободны или наши
agent-examine-services = сервисы работают и здоровы
agent-examine-checks = проверки сейчас проходят
agent-examine-certificates = сертификаты истекают не скоро
agent-examine-databases = базы данных отвечают
agent-examine-backups = есть проверенная копия каждой базы
agent-examine-schema = дерево знает схему базы
agent-examine-releases = незаконченных релизов нет
agent-examine-lock = никто не выкатывает
agent-examine-files = файлы такие, какими их положил работающий релиз
agent-cannot-steer = Трафик к { $service } на этом сервере вести нельзя, а выкатке это нужно.
    .remedy = Агенту там нужны root и пакетный фильтр (`iptables`); в контейнере без NET_ADMIN его нет.
agent-memory-short = Второй копии { $service } на время переключения понадобится около { $needed } памяти, а доступно только { $free }.
    .remedy = Остановите лишнее либо добавьте память или swap: иначе ядро завершит одну из программ.
agent-port-held = Порт { $port } на сервере, нужный { $service }, занят: { $holder }.
    .remedy = Остановите эту программу или дайте одной из них другой порт.
agent-service-starting = { $service } ещё запускается.
    .remedy = `stapel logs { $service }` покажет, как далеко он продвинулся.
agent-service-unhealthy = { $service } работает, но его проверка здоровья не проходит: { $said }
    .remedy = Причину может показать `stapel logs { $service }`. Возможно, релиз это и исправит; сломанное до него ему в вину не ставится.
agent-service-down = { $service } не работает.
    .remedy = Релиз запустит его; почему он завершился, может сказать `stapel logs { $service }`.
agent-check-fails-now = Проверка { $check } сейчас не проходит: { $detail }
    .remedy = Релизу это в вину не ставится, но и судить по ней о релизе нельзя. Исправьте проверку или приложение.
agent-certificate-ends = Сертификат, который видит проверка { $check }, истекает { $ends }.
    .remedy = Продлите его и выясните, почему он не продлевается сам: с этого дня браузеры не откроют сайт.
agent-backup-none = Проверенной копии базы { $database } нет.
    .remedy = Релиз сделает её прежде, чем что-либо менять; до того восстановить было бы нечего.
agent-backup-old =
    { $days ->
        [one] Последней проверенной копии базы { $database } уже { $days } день.
        [few] Последней проверенной копии базы { $database } уже { $days } дня.
       *[other] Последней проверенной копии базы { $database } уже { $days } дней.
    }
    .remedy = Релиз сделает новую прежде, чем что-либо менять; до того восстановить можно только старую.
agent-schema-ahead = База на ревизии { $revision }, которой это дерево не знает: дерево старше схемы.
    .remedy = Проверьте, та ли это ветка. Её инструмент миграций откажется работать с этой базой.
agent-left-unfinished = Релиз { $release } остался незаконченным: его процесс умер.
    .remedy = Его благополучно закончит страж или следующий релиз перед своим началом; `stapel show { $release }` скажет, где он остановился.
agent-drift =
    { $count ->
        [one] { $count } файл не такой, каким его положил работающий релиз: { $names }
        [few] { $count } файла не такие, какими их положил работающий релиз: { $names }
       *[other] { $count } файлов не такие, какими их положил работающий релиз: { $names }
    }
    .remedy = Перенесите в проект то, что там изменили руками: релиз это заменит, а исходное сохранит только для своего пути назад.
agent-checkout-does = перевести рабочую копию на коммит { $commit }
agent-checkout-undoes = вернуть её на прежний коммит
agent-checkout-done = рабочая копия на { $commit }
agent-checkout-unclean =
    { $count ->
        [one] На хосте правили { $count } файл рабочей копии: { $files }
        [few] На хосте правили { $count } файла рабочей копии: { $files }
       *[other] На хосте правили { $count } файлов рабочей копии: { $files }
    }
    .remedy = Внесите правки в репозиторий, или уберите их на хосте (`git stash`), или выкладывайте поверх с `--allow-dirty`: сохранятся они только для обратного пути. Ничего не изменено.
agent-hold-image-does = оставить образ { $service }, который сейчас работает
agent-hold-image-changed = Работает не тот образ { $service }, с которым составлялся план.
    .remedy = Запустите релиз ещё раз: план будет составлен по тому, что работает сейчас.
agent-pull-does = забрать образ { $service } из реестра, пока работает старый
agent-pull-undoes = вернуть имени образа { $service } прежнее значение
agent-no-hook = План называет хук { $hook }, которого в конфигурации нет.
    .remedy = Релиз планировали по другой конфигурации: повторите команду.
agent-hook-first = хук перед релизом: { $command }
agent-hook-last = хук после релиза: { $command }
agent-hook-before = хук перед { $step }: { $command }
agent-hook-after = хук после { $step }: { $command }
agent-hook-undoes = выполнить { $command }
agent-hook-no-dir = Хук идёт в каталоге приложения, а { $path } ещё нет.
    .remedy = Поставьте его `after = "ship"` или позже либо создайте каталог; затем выпустите снова.
agent-hook-late = Хук { $command } не закончился за { $limit }.
    .remedy = Устраните то, чего он ждёт, или дайте ему больше `timeout` в stapel.toml; затем выпустите снова.
agent-hook-unknown = Неизвестно, докуда дошёл хук { $command }: его процесс погиб, а дважды запускать его нельзя.
    .remedy = Если можно, напишите `repeatable = true` в его таблице в stapel.toml; затем выпустите снова.
agent-hook-failed-anyway = хук завершился ошибкой, что ему разрешено: { $why }
agent-notice-start = ▶ { $app } ({ $target }): релиз { $release } начался
agent-notice-done = ✓ { $app } ({ $target }): релиз { $release } в работе, занял { $time }
agent-notice-undone = ↩ { $app } ({ $target }): релиз { $release } отменён через { $time }, приложение такое же, как было
agent-notice-back = ↩ { $app } ({ $target }): релиз { $release } идёт назад
agent-notice-stuck = ‼ { $app } ({ $target }): релиз { $release } застрял через { $time }, нужен человек
agent-notice-deploy = выпускает { $who }
agent-notice-rollback = откат на релиз { $to }, { $who }
agent-notice-commit = коммит { $commit } { $subject }
agent-notice-remedy = Что делать: { $remedy } Затем `stapel undo` продолжит; всё о релизе покажет `stapel show { $release }`.
agent-notice-call = Кому звонить: { $call }
agent-notice-test = { $app } ({ $target }): проверка от { $who }. Уведомления о релизах приходят сюда.
agent-notice-unreached = { $why }
    .remedy = Проверьте `url` или `api` в stapel.toml и то, может ли сервер туда соединиться; `stapel notify test` попробует снова.
agent-notice-refused = Отказано: { $status } { $said }
    .remedy = Проверьте `token`, `chat` или `url` в stapel.toml; `stapel notify test` попробует снова.
agent-notice-restart = { $who } перезапускает { $services }
agent-prepare-update = обновить список пакетов
agent-prepare-install = установить { $brings }
agent-prepare-start = запустить Docker — сейчас и при каждой загрузке
agent-prepare-network = создать сеть { $name }: файлы compose рассчитывают её найти
agent-prepare-directory = создать каталог { $path }, где будет лежать приложение
agent-prepared-docker = Docker { $version } отвечает
agent-prepared-compose = { $command } { $version } есть
agent-prepared-network = сеть { $name } есть
agent-prepared-directory = каталог { $path } есть
agent-prepare-by-hand = Docker с compose нет или он не отвечает, а в системе { $system } Stapel не устанавливает и не запускает его сам.
    .remedy = Сделайте это вручную: { $commands }. Затем снова выполните `stapel host prepare` — для остального. Ничего не изменено.
agent-prepare-no-pair = В источниках пакетов сервера нет Docker вместе с compose, который к нему подходит. Есть: { $known }
    .remedy = Проверьте, работает ли на сервере `apt-get update`, или добавьте источник пакетов самого Docker (https://docs.docker.com/engine/install/) и повторите команду. Ничего не изменено.
agent-prepare-apt = apt сообщает: { $said }
    .remedy = Исправьте его источники (/etc/apt/sources.list, сеть сервера), чтобы `apt-get update` там отработал без замечаний, и повторите команду. Ничего не изменено.
agent-prepare-needs-root = То, чего не хватает на сервере, может установить, запустить или создать только root.
    .remedy = Входите как root или добавьте become = "sudo" в таблицу цели в stapel.toml. Ничего не изменено.
agent-prepare-apt-busy = Работает другой apt и не заканчивает.
    .remedy = Дождитесь его конца (`ps aux | grep apt` на сервере) и повторите команду.
agent-prepare-network-unclear = Файлы compose рассчитывают найти сеть { $name }, но это не имя: переменная в нём здесь не задана.
    .remedy = Создайте сеть вручную (`docker network create ИМЯ` на сервере) или задайте переменную в .env рядом с файлом compose и повторите команду.
agent-prepare-failed = Шаг не удался: { $step }.
    .remedy = Устраните то, о чём говорят строки выше и последняя строка, и снова выполните `stapel host prepare`: сделанное сохранено, работа продолжится с этого места.
agent-prepare-silent = Docker запущен, но не отвечает.
    .remedy = Посмотрите его журнал на сервере: `journalctl -u docker` или /var/log/docker.log.
agent-await-docker = ответ Docker
