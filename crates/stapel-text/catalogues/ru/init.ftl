### init: что читает и пишет `stapel init`

init-directory = Не удаётся прочитать каталог { $path }: { $error }
    .remedy = Перейдите в каталог проекта или назовите будущий stapel.toml ключом `--config КАТАЛОГ/stapel.toml`. Ничего не записано.
init-nothing-here = Ни в { $directory }, ни ниже нет файла compose.
    .remedy = Перейдите в каталог, где лежит compose.yaml или docker-compose.yml. Ничего не записано.
init-file = Не удаётся прочитать { $file }: { $error }
    .remedy = Откройте его на чтение. Ничего не записано.
init-not-utf8 = { $file } не в UTF-8, поэтому и compose его не прочтёт.
    .remedy = Сохраните его в UTF-8. Ничего не записано.
init-yaml = { $file } — не YAML: { $said }
    .remedy = Исправьте его в этом месте. Ничего не записано.
init-nothing-to-release = В { $files } нет своих сервисов: { $services } — чужие образы, их релизы не трогают.
    .remedy = Если один из них ваш, напишите stapel.toml вручную с таблицей [service.ИМЯ]: README.ru.md показывает, как он мал. Ничего не записано.
init-exists = { $file } уже есть.
    .remedy = Посмотрите, что было бы записано: `stapel init --print`; заменить файл: `stapel init --force`. Ничего не записано.

init-head = Написано командой `stapel init` по тому, что она нашла; после каждого # сказано, откуда строка. Все ключи: docs/stapel.toml.ru.md в репозитории Stapel.
init-head-questions = Строка, начинающаяся с «# ?», спрашивает о том, чего понять не удалось. Ответьте правкой файла и уберите её.
init-app-compose = имя проекта в { $file }
init-app-directory = имя каталога, { $directory }
init-from = из { $place }
init-image = образ { $image }, { $place }
init-placeholder = заглушка

init-host-asked = из --host
init-ask-host = Какой хост? Ни один скрипт и ни один файл переменных его не называет. Впишите то, что понимает `ssh`. Пока это имя никуда не ведёт, чтобы ничто не ушло на чужую машину.
init-ask-hosts = Тот ли это хост? Названы ещё и эти: { $hosts }.
init-path-asked = из --path
init-path-survey = там на хосте работает проект { $project }
init-path-home = ~ в { $place }, домашний каталог этого пользователя
init-ask-path = Где приложение лежит там или где ему лежать?
init-survey = На хосте: { $engine }; работающих контейнеров проекта { $project }: { $count }.
init-survey-nothing = На хосте: { $engine }; ни один из этих сервисов там ещё не работает.
init-become = `ssh` входит не как root; `sudo` без пароля опробован и работает
init-ask-become = Вести трафик может только root, а `ssh` входит под другим именем. Если на хосте есть `sudo` без пароля, нужна эта строка:

init-exclude = не отправляется: { $patterns }
init-env = с секретами: отправляются, читать их сможет только владелец; названы в { $places }
init-ask-env = Здешний { $file } — он же и для сервера ({ $place })? Возможно, он ваш, для разработки, поэтому не отправляется: на сервере остаётся тамошний. Чтобы отправлять:
init-env-missing = { $file } ({ $place }) здесь нет, значит, он уже должен быть на хосте.

init-files-survey = из этих файлов сделан проект { $project } в { $directory } на хосте
init-files-script = так вызывает compose { $place }
init-files-dotenv = COMPOSE_FILE в { $place }
init-files-production = судя по имени, файл для боевого сервера; он полон сам по себе
init-files-over = { $file } — судя по имени, для боевого сервера и сам по себе не полон, поэтому кладётся поверх обычного
init-files-override = то, что compose берёт сам
init-ask-override = { $file } — и для сервера? Compose берёт его сам везде, где он лежит; часто он для разработки. Если нет, уберите его из `files`.
init-files-usual = то, что compose берёт сам
init-files-only = единственный файл compose здесь
init-project = имя проекта в { $place }
init-by-compose = Что значат файлы, сказал compose { $version } на этой машине.
init-by-host = Что значат файлы, сказал compose { $version } на хосте.
init-by-nobody = На этой машине нет compose, поэтому файлы прочитаны так, как написаны: переменные, наложение файлов, `extends` и подобное не раскрыты. Верно ли то, что ниже? С ключом `--host` спрашивается compose на хосте.
init-several = Написаны в нескольких файлах и взяты из первого: { $services }.
init-profile = Пропущен { $service }: его включает только профиль { $profiles }.
init-others = Другие файлы compose здесь, не используются: { $files }.

init-service-built = Сервис { $service } ({ $place }), собирается из «{ $context }».
init-service-image = Сервис { $service } ({ $place }), образ { $image }.
init-service-twice = Можно ли, чтобы работали сразу два, как при выкатке relay? { $twice }:
init-twice-yes = да
init-twice-no = нет
init-twice-unknown = неизвестно
init-why-port = запросы приходят на порт { $port } хоста ({ $place }).
init-why-route = запросы к нему приводит { $proxy } ({ $place }).
init-why-network = он в чужой сети { $network }, где сервисы находит прокси ({ $place }).
init-why-works = он берёт задания из очереди, каждое достаётся одному («{ $words }», { $place }).
init-why-unknown = к нему не ведёт ни порт, ни прокси, и ничто не говорит, что два помешали бы друг другу.
init-why-polls = он опрашивает, и два отнимали бы сообщения друг у друга («{ $words }», { $place }).
init-why-schedules = он делает что-то по расписанию, и два сделали бы это дважды («{ $words }», { $place }).
init-why-migrates = он мигрирует при каждом запуске («{ $words }», { $place }): после новой версии прежняя уже не запустится. Если убрать это из запуска, Stapel мигрирует сам (см. [migration]), и сервису подойдёт relay.
init-why-migrates-otherwise = он мигрирует при каждом запуске («{ $words }», { $place }): мигрировали бы двое сразу или старая версия после новой.
init-why-sqlite = он пишет в файл SQLite («{ $words }», { $place }).
init-why-host-network = у него сеть самого хоста, где двоим нужны были бы одни и те же порты ({ $place }).
init-why-udp = у него порты UDP, их нельзя перевести на другой экземпляр ({ $place }).
init-recreate = останавливается до запуска нового: двое сразу никогда не работают
init-left-out = Поэтому релизы его не трогают; новую версию после релиза вводит вручную `docker compose up -d { $service }`. Чтобы выкатывать и его, с остановкой до запуска нового:
init-ask-twice = Можно ли, чтобы сразу работали два { $service }? Если да, ему подходит relay: таблица без `rollout`.
init-nginx-static = { $place } даёт nginx имя { $service }, а nginx узнаёт адрес только при запуске. Найдёт ли он контейнер, сделанный заново? С `resolver` и переменной в proxy_pass — да; иначе после каждого релиза нужен `nginx -s reload`.
init-image-only = Он собирается не здесь: релиз забирает его образ из реестра до того, как что-либо остановится.
init-others-left = Релизы не трогают: { $services }.

init-postgres = пользователь и имя базы — те, что у самого контейнера
init-sqlite = из { $from }
init-sqlite-path = подключённый каталог в { $place }, от каталога приложения
init-sqlite-volume = Файл SQLite сервиса { $service } ({ $path }) лежит в томе Docker. Stapel пока снимает копии только с файлов в каталоге приложения: делайте копию вручную перед каждым релизом.
init-sqlite-inside = Файл SQLite сервиса { $service } ({ $path }) лежит внутри контейнера, и каждый релиз начинает с пустого. Не подключить ли туда каталог приложения?
init-sqlite-unknown = { $service } открывает файл SQLite ({ $place }). Где он лежит, считая от каталога приложения? Чтобы с него снималась копия:
init-database-not-yet = С { $service } ({ $image }) Stapel пока не умеет снимать дамп: делайте копию вручную перед каждым релизом.
init-database-host = { $variable } сервиса { $service } ведёт в PostgreSQL на { $host }, то есть самого сервера. Снимать с неё дамп перед каждым релизом — через сокет, от имени пользователя системы «postgres»? Тогда:
init-database-url = { $variable } сервиса { $service } ведёт в PostgreSQL на { $host }, это не здешний сервис. Снимать с неё дамп перед каждым релизом? Тогда — с адресом, по которому она доступна с сервера, в вашем окружении:
init-database-elsewhere = { $variable } сервиса { $service } ведёт в базу ({ $kind }) на { $host }, это не здешний сервис. Снимать с неё дамп Stapel пока не умеет: делайте копию вручную перед каждым релизом.

init-migration-service = { $ini } лежит в его рабочем каталоге
init-ask-migrations = Есть и другие, а [migration] запускает одну из них: { $files }.
init-ask-migration = { $ini } лежит не в корне того, из чего собирается выкатываемый сервис, поэтому неизвестно, найдёт ли его `alembic` в образе. Если найдёт:
init-django = { $file }: миграции Django Stapel пока не запускает; запускайте их вручную (`manage.py migrate`) или так, как сейчас.
init-other-migrations = Миграции командой «{ $words }» ({ $place }) Stapel пока не запускает; только Alembic.

init-check-name = как её называют люди
init-check-domain = через прокси, как приходят пользователи
init-check-service = сервис, чей порт спрашивается
init-check-compose = из проверки здоровья в { $place }
init-check-route = { $proxy }, { $place }
init-check-via = прокси на том же хосте, куда бы ни вело имя
init-ask-check = Что говорит о том, что { $service } в порядке? Ни проверки здоровья, ни такого маршрута не нашлось. Например:
init-ask-check-prefix = Маршрут в { $place } может стоять под префиксом. Если это весь путь:
init-ask-domain = Какой путь на { $domain } говорит о том, что приложение в порядке ({ $place })? Например:

init-written = { $file } записан.
init-found-services = Сервисы, и можно ли, чтобы сразу работали два:
init-found-service = { $service }: { $twice }
init-questions =
    { $count ->
        [0] Вопросов нет. Прочтите его всё равно.
        [one] В нём { $count } вопрос («# ?» в файле):
        [few] В нём { $count } вопроса («# ?» в файле):
       *[other] В нём { $count } вопросов («# ?» в файле):
    }
init-next = Затем `stapel check` посмотрит, есть ли всё, что нужно релизу, а `stapel plan` покажет, что он сделает.
