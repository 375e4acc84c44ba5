### cli: the command line and the screen
cli-usage = Использование
cli-commands = Команды
cli-options = Ключи
cli-arguments = Аргументы
cli-about = Stapel выкатывает приложения под Docker Compose: ни один запрос не теряется, данные целы, всё известно.
cli-about-init = Написать stapel.toml для этого проекта: по тому, что здесь лежит, и по тому, что работает на хосте, если он задан
cli-about-check = Проверить, есть ли всё, что нужно релизу; ничего не меняется
cli-about-plan = Показать, что сделал бы релиз; ничего не меняется
cli-about-deploy = Ввести проект в работу на цели
cli-about-rollback = Вернуть в работу прежний релиз
cli-about-restart = Перезапустить сервисы, по возможности не теряя запросов
cli-about-attach = Показать идущий релиз или чем он кончился
cli-about-answer = Ответить на вопрос, который релиз задаёт человеку
cli-about-cancel = Попросить идущий релиз вернуть всё назад
cli-about-resume = Продолжить релиз, процесс которого погиб
cli-about-undo = Отменить релиз, процесс которого погиб или который застрял
cli-about-show = Показать всё, что известно о релизе
cli-about-unlock = Показать, кто держит замок, и завершить этот процесс
cli-about-status = Показать, как дела у приложения
cli-about-history = Показать последние релизы
cli-about-logs = Показать последние строки журналов сервисов и следить за ними
cli-about-demo = Увидеть работу на этой машине: приложение, нагрузка, четыре релиза; без Docker, сети и root
cli-arg-config = Файл конфигурации; по умолчанию ближайший stapel.toml отсюда вверх
cli-arg-target = Цель; нужна, если в stapel.toml их несколько
cli-arg-json = Вместо слов — по одному объекту JSON в строке
cli-arg-lang = Язык: en или ru
cli-arg-help = Показать эту справку
cli-arg-version = Показать версию
cli-arg-yes = Не спрашивать перед началом
cli-arg-no-cache = Собирать без кэша слоёв
cli-arg-out = Сохранить план в этот файл для `stapel deploy ФАЙЛ`
cli-arg-plan = План, сохранённый командой `stapel plan --out`; выполняется без вопроса или отклоняется, если теперь он был бы другим
cli-arg-allow-dirty = Выпустить и то, что не закоммичено
cli-arg-in-quiet-hours = Начать и в тихие часы приложения
cli-arg-build-arg = Аргумент сборки, только для этого релиза; можно повторять. Секретам здесь не место
cli-arg-check = Ещё одна проверка, только для этого релиза; можно повторять
cli-arg-ask = Вопрос человеку в конце этого релиза; можно указать несколько раз
cli-arg-answer = Выполнено ли: yes или no (да или нет)
cli-arg-which-check = Проверка, на которую отвечают; по умолчанию та, о которой спрашивают сейчас
cli-arg-to = Релиз, к которому вернуться; по умолчанию предыдущий перед тем, что в работе
cli-arg-down = Спустить и схему — до той, что была тогда; записанное с тех пор в то, что исчезнет, будет потеряно
cli-arg-release = Релиз; по умолчанию последний
cli-arg-limit = Не больше скольких
cli-arg-services = Сервисы; по умолчанию все, которые заменяет релиз
cli-arg-hard = Остановить и запустить, с перерывом; контейнеры и их окружение остаются прежними
cli-arg-follow = Показывать и новое, до Ctrl-C; в том числе во время релиза
cli-arg-lines = Сколько строк каждого
cli-arg-since = Не старше: секунды или срок, например 10m или 2h
cli-arg-host = Хост, на который посмотреть и куда выкатывать: всё, что понимает `ssh`
cli-arg-path = Каталог приложения на хосте
cli-arg-print = Показать, что было бы записано, и ничего не записывать
cli-arg-force = Заменить имеющийся stapel.toml
cli-arg-keep = Оставить потом всё как есть, работающим
cli-usage-unknown-argument = Ключа или аргумента { $argument } здесь нет.
cli-usage-unknown-command = Команды { $command } нет.
cli-usage-no-command = Не хватает команды.
cli-usage-missing = Не хватает: { $argument }.
cli-usage-no-value = Ключу { $argument } нужно значение.
cli-usage-value = «{ $value }» — не значение для { $argument }.
cli-usage-conflict = { $argument } и { $other } не сочетаются.
cli-usage-other = { $said }
cli-usage-suggested = Возможно, имелось в виду { $name }?
cli-usage-help = `stapel --help` покажет, что есть.

cli-problem = Ошибка:
cli-remedy = Что делать:
cli-no-config = Ни в { $dir }, ни выше нет { $file }.
    .remedy = Перейдите в проект, укажите файл ключом `--config` или пусть его напишет `stapel init`.
cli-init-path = Путь { $path } не абсолютный.
    .remedy = Укажите полный путь на хосте, например /opt/shop. Ничего не записано.
cli-which-target = В stapel.toml несколько целей: { $known }.
    .remedy = Назовите одну ключом `--target`.
cli-env-file = Файл { $path }, названный в `env` таблицы [source], не читается: { $error }
    .remedy = Создайте его или уберите из `env`.
cli-not-utf8 = Путь { $path } — не UTF-8.
    .remedy = Переименуйте его; Stapel работает только с именами, которые являются текстом.
cli-protocol = Агент ответил не то, о чём его спросили ({ $reply }): это ошибка в Stapel.
    .remedy = Пожалуйста, сообщите о ней.
cli-agent-gone = Агент на сервере завершился, не ответив.
    .remedy = Повторите команду. Уже начатый релиз идёт дальше сам: его покажет `stapel attach`.
cli-no-release = Релизов этого приложения ещё не было.
    .remedy = Первый сделает `stapel deploy`.
cli-detached = Экран отсоединён; релиз { $release } идёт на сервере дальше сам.
    .remedy = `stapel attach { $release }` покажет его снова.
cli-start-unknown = Связь оборвалась, когда релиз начинался; начался ли он, пока неизвестно.
    .remedy = Если начался, его покажет `stapel attach`.
cli-died = Процесс, выполнявший релиз { $release }, завершился посреди него.
    .remedy = Страж на сервере сам доведёт его до конца, назад или вперёд, как заранее решено для этого места; `stapel attach { $release }` это покажет.
cli-cancel-done = Релиз { $release } уже завершён: он в работе.
    .remedy = `stapel rollback` вернёт в работу предыдущий релиз.
cli-cancel-undone = Релиз { $release } уже завершён: он отменён, приложение как до него.
    .remedy = Делать ничего не нужно; `stapel show { $release }` скажет, почему.
cli-cancel-stuck = Релиз { $release } уже завершён: он застрял на пути назад.
    .remedy = Исправьте вручную то, что назовёт `stapel show { $release }`; затем `stapel undo { $release }` пройдёт путь назад до конца.
cli-take-up-runs = Релиз { $release } идёт.
    .remedy = `stapel attach { $release }` покажет его, `stapel cancel { $release }` попросит вернуть всё назад.
cli-take-up-ended = Релиз { $release } завершён; продолжать или отменять нечего.
    .remedy = `stapel show { $release }` покажет, чем он кончился.
cli-undo-done = Релиз { $release } выполнен и в работе.
    .remedy = `stapel rollback` вернёт в работу предыдущий релиз, без перерыва.
cli-recovered = Релиз { $release } оставался незавершённым, сначала приведён в порядок: { $outcome }.
cli-taken-up-forward = его процесс погиб; другой продолжает
cli-taken-up-back = его процесс погиб; другой всё отменяет
cli-cancelled = { $who } просит вернуть всё назад
cli-nobody-holds = Замок этого приложения никто не держит; завершать нечего.
cli-holder = { $who } держит замок с { $since }: { $doing }, процесс { $pid } на сервере.
cli-holder-process = Процесс: { $process }
cli-holder-no-process = Его процесс завершился; замок сам освободится через мгновение.
cli-holder-at = Релиз { $release }, шаг: { $step }. Последний знак жизни { $ago } назад.
cli-unlocked = Процесс завершён.
cli-unlocked-release = Процесс завершён; релиз { $release } сейчас подхватит страж. `stapel attach { $release }` это покажет.
cli-unlocked-phases = Процесс завершён; страж продолжит с этапа после релиза { $release }, если тот может сейчас начаться. `stapel history` это покажет.
cli-guardian-process = Учтите: если сам сервер упадёт посреди релиза, при загрузке восстановление там никто не запустит (нет ни systemd, ни cron); пусть при загрузке запускается `stapel agent recover`.
cli-show-head = Релиз { $release }: { $doing } на { $target }, { $who }, начат { $began }
cli-show-commit = коммит { $commit }
cli-show-with = Stapel { $stapel }
cli-show-files =
    { $count ->
        [one] изменён { $count } файл:
        [few] изменено { $count } файла:
       *[many] изменено { $count } файлов:
    }
cli-show-more =
    { $count ->
        [one] и ещё { $count }
        [few] и ещё { $count }
       *[many] и ещё { $count }
    }
cli-uncommitted =
    { $count ->
        [one] { $count } файл, который был бы выложен или удалён, не таков, как в коммите: { $files }
        [few] { $count } файла, которые были бы выложены или удалены, не таковы, как в коммите: { $files }
       *[other] { $count } файлов, которые были бы выложены или удалены, не таковы, как в коммите: { $files }
    }
    .remedy = Закоммитьте их или отложите (`git stash`), либо выпустите как есть с `--allow-dirty`. Ничего не было изменено.
cli-build-arg = "{ $found }" — не аргумент сборки.
    .remedy = Запишите его как ИМЯ=ЗНАЧЕНИЕ; имя состоит из латинских букв, цифр и `_` и не начинается с цифры. Ничего не было изменено.
cli-check = "{ $found }" — не проверка.
    .remedy = Проверка выглядит так: /new/endpoint, /new/endpoint=200,401, web:/new/endpoint или https://shop.example/new. Ничего не было изменено.
cli-check-service = Сервисов несколько, поэтому проверка "{ $found }" должна назвать один из них: { $known }.
    .remedy = Запишите её как СЕРВИС:/ПУТЬ. Ничего не было изменено.
cli-not-agreed = Вы не согласились; ничего не было изменено.
    .remedy = Ответьте «y» или «д», чтобы продолжить, или используйте `--yes`.
cli-not-agreed-no-terminal = Спросить, продолжать ли, некого: терминала нет.
    .remedy = С ключом `--yes` начинается без вопроса. Ничего не было изменено.
cli-plan = План ({ $engine }):
cli-way-back = путь назад:
cli-plan-gap = Ожидаемое время, в которое запрос мог бы потеряться: { $gap }.
cli-plan-phase = План, { $engine }, этап { $number } из { $of }: { $name }
cli-plan-gate = рубеж: { $checks }
cli-plan-gate-all = рубеж: все проверки
cli-plan-later = Затем, с отдельным планом для каждого:
cli-ended-phase = Этап { $number } из { $of }, { $name }: рубеж пройден.
cli-ended-phase-undone = Этапы до него прошли свои рубежи и остаются в работе; `stapel rollback` вернёт назад их все.
cli-asked = { $question } До { $until }: `stapel answer yes { $release }` или `stapel answer no { $release }`.
cli-question = { $question } [да/нет]
cli-answered-yes = Релиз { $release }: { $question } Да.
cli-answered-no = Релиз { $release }: { $question } Нет: он возвращается назад.
cli-ask-empty = Ключу `--ask` нужен вопрос.
    .remedy = Например: --ask "На новой странице видны итоги?"
cli-check-twice = Проверка «{ $name }» уже есть.
    .remedy = Уберите её из командной строки: она и так будет выполнена.
cli-no-repository = Этап называет коммит «{ $reference }», а проект не в репозитории git.
    .remedy = Уберите `ref` из этапа или выпускайте из клона репозитория.
cli-plan-takes = Ожидаемая длительность, по прежним релизам: { $takes }.
cli-plan-takes-unknown = Ожидаемая длительность: неизвестна, не каждый шаг здесь уже выполнялся.
cli-plan-commits =
    { $count ->
        [one] { $count } коммит после { $commit }, который в работе:
        [few] { $count } коммита после { $commit }, который в работе:
       *[other] { $count } коммитов после { $commit }, который в работе:
    }
cli-plan-commit-same = В работе тот же коммит: { $commit }
cli-plan-unfinished = Внимание: релиз { $release } остался незаконченным; новый релиз сначала исправит это и может оказаться не таким, как этот план.
cli-plan-commits-gone =
    { $count ->
        [one] { $count } коммит из тех, что в работе, уйдёт: его нет в этой ветке:
        [few] { $count } коммита из тех, что в работе, уйдут: их нет в этой ветке:
       *[other] { $count } коммитов из тех, что в работе, уйдут: их нет в этой ветке:
    }
cli-plan-commit-unknown = В работе коммит { $commit }, которого нет в этом репозитории (`git fetch`?).
cli-plan-files =
    { $count ->
        [one] Отличается { $count } файл:
        [few] Отличаются { $count } файла:
       *[other] Отличаются { $count } файлов:
    }
cli-plan-kept =
    { $count ->
        [one] { $count } файл там положен не релизом, он останется:
        [few] { $count } файла там положены не релизом, они останутся:
       *[other] { $count } файлов там положены не релизом, они останутся:
    }
cli-plan-env = Переменные в { $file }: { $variables }
cli-plan-schema =
    { $count ->
        [one] База на ревизии { $current }; ждёт { $count } миграция:
        [few] База на ревизии { $current }; ждут { $count } миграции:
       *[other] База на ревизии { $current }; ждут { $count } миграций:
    }
cli-plan-uncommitted =
    { $count ->
        [one] Внимание: { $count } файл в нём не таков, как в коммите; для релиза понадобится `--allow-dirty`.
        [few] Внимание: { $count } файла в нём не таковы, как в коммите; для релиза понадобится `--allow-dirty`.
       *[other] Внимание: { $count } файлов в нём не таковы, как в коммите; для релиза понадобится `--allow-dirty`.
    }
cli-plan-saved = План в файле { $file }; `stapel deploy { $file }` выполнит его или откажется, если к тому времени он был бы другим.
cli-plan-file = { $file } — не план, который этот Stapel может прочитать: { $why }
    .remedy = Создайте его командой `stapel plan --out ФАЙЛ` той же версией Stapel.
cli-plan-elsewhere = Этот план сделан для цели { $target } приложения { $app }.
    .remedy = Выполните его в том проекте и без другого `--target`. Ничего не было изменено.
cli-examine-commit = то, что будет выложено, закоммичено
cli-examine-quiet = сейчас не тихие часы
cli-examine-networks = сети, которые создают другие, есть
cli-network-missing = Сети { $name }, которую файлы compose называют external, на сервере нет.
    .remedy = Её создаст `stapel host prepare`, спросив сначала. Или запустите то, что её создаёт (например, отдельный проект compose с прокси).
cli-examine-clock = часы совпадают
cli-clock = Часы сервера и здешние расходятся на { $apart }.
    .remedy = Настройте их по NTP (`timedatectl set-ntp true`): в журнале и в именах копий стоит время сервера.
cli-examined-fine =
    { $advises ->
        [0] Релизу ничто не мешает.
        [one] Релизу ничто не мешает; стоит учесть { $advises } обстоятельство.
        [few] Релизу ничто не мешает; стоит учесть { $advises } обстоятельства.
       *[other] Релизу ничто не мешает; стоит учесть { $advises } обстоятельств.
    }
cli-examined-prevented =
    { $prevents ->
        [one] Релизу мешает { $prevents } обстоятельство
        [few] Релизу мешают { $prevents } обстоятельства
       *[other] Релизу мешают { $prevents } обстоятельств
    }{ $advises ->
        [0] .
        [one] ; стоит учесть ещё { $advises }.
       *[other] ; стоит учесть ещё { $advises }.
    }
cli-go-on = Продолжить? [y/N]
cli-nothing-to-do = Делать нечего: в работе релиз { $release }, и ничто от него не отличается.
cli-bringing-agent = Доставка агента
cli-bringing-files = Доставка файлов
cli-release-begins = Релиз { $release }:
cli-going-back = Путь назад:
cli-logs-replaced = { $service }: дальше журнал { $instance } ({ $id }), который его сменил
cli-ended-restarted = Перезапущено ({ $time }); в журнале это релиз { $release }.
cli-ended-done = Релиз { $release } в работе ({ $time }).
cli-ended-undone = Релиз { $release } отменён; приложение как прежде ({ $time }).
cli-ended-stuck = Релиз { $release } застрял; нужен человек ({ $time }).
cli-status-head = { $app } на { $target } ({ $host }), { $engine }
cli-status-never = Stapel здесь ещё не выкатывал.
cli-status-owner = { $who } выполняет { $doing } с { $since }.
cli-status-drift =
    { $count ->
        [one] { $count } файл не такой, каким его положил релиз, который в работе: { $names }
        [few] { $count } файла не такие, какими их положил релиз, который в работе: { $names }
       *[other] { $count } файлов не такие, какими их положил релиз, который в работе: { $names }
    }
cli-status-state = Журнал и дампы: { $path }
cli-outcome-done = выполнен
cli-outcome-found = найден
cli-outcome-undone = отменён
cli-outcome-stuck = застрял
cli-outcome-unknown = идёт, или его процесс погиб
cli-health-healthy = здоров
cli-health-starting = запускается
cli-health-unhealthy = нездоров
cli-health-exited = завершился с кодом { $code }
cli-health-gone = его нет

cli-demo-interrupted = Демонстрация прервана.
    .remedy = Всё, что она запустила, остановлено.
cli-demo-nothing-done = Релиз { $version } ничего не сделал: это ошибка в Stapel.
    .remedy = Пожалуйста, сообщите о ней.
cli-demo-load-failed = Нагрузку не удалось запустить: { $error }
    .remedy = Повторите демонстрацию на машине с loopback.
cli-demo-first = 1. Первый релиз: версия 1 приложения с базой SQLite.
cli-demo-load = Отныне на http://{ $address } идёт { $rate } запросов в секунду.
cli-demo-migration = 2. Версия 2, с миграцией.
cli-demo-broken = 3. Версия 3: она сломана, но сначала выглядит здоровой.
cli-demo-rollback = 4. Откат версии 2.
cli-demo-account =
    { $requests ->
        [one] { $requests } запрос, потеряно: { $lost }, самый долгий { $slowest } мс.
        [few] { $requests } запроса, потеряно: { $lost }, самый долгий { $slowest } мс.
       *[other] { $requests } запросов, потеряно: { $lost }, самый долгий { $slowest } мс.
    }
cli-demo-writes =
    { $count ->
        [one] Подтверждена { $count } запись; не хватает: { $missing }, записано дважды: { $twice }.
        [few] Подтверждены { $count } записи; не хватает: { $missing }, записано дважды: { $twice }.
       *[other] Подтверждено { $count } записей; не хватает: { $missing }, записано дважды: { $twice }.
    }
cli-demo-release = { "  " }релиз { $release } ({ $what }): { $outcome }, { $time }
cli-demo-came-back = вернулся назад сам
cli-demo-journal = Журнал: { $path }
cli-demo-journal-gone = Журнал был здесь: { $path } (`--keep` его оставляет).
cli-demo-kept = Всё оставлено в { $path }; попробуйте `stapel --config { $config } history`.
cli-arg-ref = Коммит, тег или ветка вместо последнего коммита ветки (при `from = "checkout"`)
cli-arg-allow-rewritten = Могут уйти коммиты, извлечённые на хосте, которых в ветке больше нет
cli-commit-here = `--ref` и `--allow-rewritten` относятся к рабочей копии на хосте; здесь выкладывается каталог этой машины.
    .remedy = Переключитесь здесь на нужный коммит (`git switch`) или укажите `from = "checkout"` в [source]. Ничего не изменено.
cli-about-notify = Сообщать людям о релизах: проверить, доходят ли уведомления
cli-about-notify-test = Послать с сервера пробное уведомление всем из [[notify]] и сказать, что вышло
cli-no-notify = В stapel.toml не назван никто, кому сообщать о релизах.
    .remedy = Добавьте таблицу [[notify]] с `kind = "telegram"` или `kind = "webhook"`; её ключи — в docs/stapel.toml.ru.md.
cli-notice-sent = { $who }: сообщено
cli-notice-failed = { $who }: сообщить не удалось: { $problem }
cli-notice-who = { $kind } (notify { $number })
cli-notice-start = о начале
cli-notice-end = о конце
cli-notice-back = о пути назад
cli-notice-stuck = о том, что релиз застрял
cli-notice-sent-of = { $who }: сообщено { $of }
cli-notice-failed-of = { $who }: не удалось сообщить { $of }: { $problem }
cli-about-host = Сам сервер: подготовить его для приложения
cli-about-host-prepare = Установить Docker с compose, где их нет, создать сети и каталог, которые нужны приложению; сначала спросит
cli-prepare-would =
    { $count ->
        [one] На { $host } будет сделано { $count } дело:
        [few] На { $host } будут сделаны { $count } дела, в таком порядке:
       *[other] На { $host } будет сделано { $count } дел, в таком порядке:
    }
cli-prepare-nothing = Делать нечего: на { $host } есть всё, что нужно приложению.
cli-prepare-done = { $host } готов. Дальше: `stapel check` или `stapel deploy`.
cli-prepare-step = { $number }/{ $of } { $step }
cli-prepare-left = Что осталось на { $host }:
cli-examine-ignored = git не игнорирует ничего из выкладываемого
cli-ignored-shipped =
    { $count ->
        [one] { $count } файл выкладывается, хотя git его игнорирует: { $files }
        [few] { $count } файла выкладываются, хотя git их игнорирует: { $files }
       *[other] { $count } файлов выкладываются, хотя git их игнорирует: { $files }
    }
    .remedy = Исключите их через `exclude` или `ignore = ["git"]` в [source] либо уберите из `.gitignore`, если им там место.
cli-ignore-no-git = То, что игнорирует git, не должно выкладываться (`ignore` в [source]), но { $path } не лежит в репозитории git.
    .remedy = Выпускайте релиз из клона репозитория или уберите "git" из `ignore`. Ничего не было изменено.
