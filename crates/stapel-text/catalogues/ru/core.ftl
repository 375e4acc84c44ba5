### core: the configuration file and the plan
core-config-wrong =
    { $count ->
        [one] { $file }:{ $line }:{ $column }: в конфигурации ошибка.
        [few] { $file }:{ $line }:{ $column }: в конфигурации { $count } ошибки; первая:
       *[other] { $file }:{ $line }:{ $column }: в конфигурации { $count } ошибок; первая:
    }
    .remedy = Исправьте файл; ничего не было изменено.
core-config-syntax = Это не TOML: { $said }
core-config-missing = Здесь не хватает ключа `{ $key }`.
core-config-empty = `{ $key }` не может быть пустым.
core-config-type = `{ $key }`: ожидается { $expected }, а здесь { $found }.
core-config-range = `{ $key }` — целое число от { $least } до { $most }.
core-config-duration = `{ $key }` — длительность не больше суток, например "90s" или "5m".
core-config-choice = `{ $key }` не может быть "{ $found }"; допустимо одно из: { $choices }.
core-config-unknown = Ключ `{ $key }` здесь неизвестен; известны: { $known }.
core-config-unknown-near = Ключ `{ $key }` здесь неизвестен; возможно, имелся в виду `{ $nearest }`?
core-config-absolute = `{ $key }` — абсолютный путь на сервере, например "/opt/app".
core-config-address = `{ $key }` — адрес и порт, например "127.0.0.1:80".
core-config-no-service = Не названо ни одного сервиса. Добавьте таблицу [service.ИМЯ] с именем сервиса из compose, который заменяют релизы.
core-config-no-target = Не названо ни одной цели. Добавьте таблицу [target.ИМЯ] с ключами `host` и `path`.
core-config-no-such-service = В этом файле нет сервиса "{ $name }"; есть: { $known }.
core-config-check-path = `path` проверки начинается с "/", например "/health".
core-config-check-url = `url` проверки начинается с "http://" или "https://".
core-config-check-way = У проверки есть что-то одно: `path` (спрашивается у порта самого сервиса), `url` (как спрашивают пользователи) или `ask` (спрашивается у человека).
core-config-check-service = Сервисов несколько, поэтому проверке с `path` нужен и ключ `service`, один из: { $known }.
core-config-check-person = `{ $key }` относится к ответу на запрос; на проверку с `ask` отвечает человек.
core-config-check-twice = Проверка с таким именем уже есть; у каждой должно быть своё: по нему идут рубежи и ответы.
core-config-check-header = «{ $name }» не годится как имя заголовка HTTP: буквы, цифры и «-», например «Authorization».
core-config-pattern = Это не регулярное выражение: { $said }.
core-config-check-within = Ответа дольше `timeout` никто не ждёт: `within` не может быть больше.
core-config-check-head = В ответе на HEAD нет тела; для `{ $key }` нужен GET.
core-config-json-at = Ожидался указатель JSON, например "/items/0/title"; для всего ответа не указывайте его.
core-config-json-count = `count` — точное число; укажите либо его, либо `at_least` и `at_most`.
core-config-json-range = Это меньше, чем `at_least`: оба условия не выполнить.
core-config-phase-twice = Этап с таким именем уже есть; у каждого должно быть своё.
core-config-phase-gate = Проверки «{ $name }» нет; есть: { $known }.
core-config-watch-every = `every` должно быть больше нуля и не больше `duration`.
core-config-watch-warm-up = `warm_up` должно быть меньше `duration`, иначе судить будет не о чем.
core-config-watch-log = Журнал бывает чей-то один: укажите ровно одно из `service`, `container`, `file` и `unit`.
core-config-zone = `zone` — название часового пояса, например "Europe/Moscow" или "UTC".
core-config-hours = "{ $found }" — не часы; они выглядят так: "Пн-Пт 09:00-11:00" или "22:00-02:00".
core-quiet = Сейчас тихие часы приложения, до { $until }.
    .remedy = Дождитесь их конца или выпустите сейчас с `--in-quiet-hours`. `stapel rollback` работает в любое время. Ничего не было изменено.
core-type-string = строка
core-type-integer = целое число
core-type-float = дробное число
core-type-boolean = true или false
core-type-scalar = строка, число, true или false
core-type-datetime = дата
core-type-array = список
core-type-table = таблица
core-type-tables = список таблиц
core-type-strings = список строк

core-why-ship =
    { $files ->
        [one] отличается { $files } файл
        [few] отличаются { $files } файла
       *[other] отличаются { $files } файлов
    }{ $foreign ->
        [0] {""}
        [one] ; { $foreign } файл там не наш, он останется
        [few] ; { $foreign } файла там не наши, они останутся
       *[other] ; { $foreign } файлов там не наши, они останутся
    }
core-why-migrate =
    { $count ->
        [one] ждёт { $count } миграция: { $names }
        [few] ждут { $count } миграции: { $names }
       *[other] ждут { $count } миграций: { $names }
    }
core-why-migrate-none = судя по файлам, ни одна не ждёт; будет проверено ещё раз
core-why-migrate-ahead = база на ревизии { $revision }, которой в этом дереве нет
core-reach-all = Докуда можно вернуться: всё отменяется само, в любой момент.
core-reach-restart = Насколько далеко ведёт обратный путь: ничего не меняется, и возвращать нечего; остановленное запускается снова.
core-differs-files = записано после создания контейнера: { $files }
core-differs-image = в определении теперь указан другой образ
core-why-restart-differs = как есть; в работу этим не пускается: { $what }
core-restart-differs = Перезапуск без перерыва создаёт контейнер { $service } заново и пустил бы в работу то, что с тех пор изменилось: { $what }.
    .remedy = `stapel deploy` пустит это в работу, с проверками и обратным путём. `stapel restart --hard { $service }` остановит и запустит контейнер как есть, с его прежним окружением. Ничего не изменено.
core-restart-nothing = У { $service } нет контейнера, который можно было бы запустить снова.
    .remedy = Контейнеры приложения создаёт `stapel deploy`, прочие сервисы — сам compose (`up -d`). Ничего не изменено.
core-reach-schema =
    { $count ->
        [one] Докуда можно вернуться: всё отменяется само, пока запросы не дошли до новой версии. После этого { $count } миграция остаётся, если прежняя версия с ней работала; иначе решает человек.
        [few] Докуда можно вернуться: всё отменяется само, пока запросы не дошли до новой версии. После этого { $count } миграции остаются, если прежняя версия с ними работала; иначе решает человек.
       *[other] Докуда можно вернуться: всё отменяется само, пока запросы не дошли до новой версии. После этого { $count } миграций остаются, если прежняя версия с ними работала; иначе решает человек.
    }
core-reach-schema-unknown = Докуда можно вернуться: всё отменяется само, пока запросы не дошли до новой версии. После этого миграции, если они есть, остаются, если прежняя версия с ними работала; иначе решает человек.
core-reach-down = Докуда можно вернуться: до момента, когда схема опустится до { $to }. Записанное с тех пор в то, что уходит, останется только в копии базы.
core-disk-full = Релизу нужно около { $needed } на файловой системе с { $path } (копии баз { $dumps }, файлы { $files }, образы { $images }), а свободно только { $free }.
    .remedy = Освободите место на сервере, например командой `docker image prune`, и повторите. Ничего не было изменено.

core-reference-intro = Что команда говорит о своём приложении; остальное Stapel видит сам. Страница сделана командой `cargo xtask reference` из того, что спрашивает читающий файл код. Все ошибки файла показываются сразу, каждая со своим местом.
core-reference-top = В начале файла
core-reference-key = Ключ
core-reference-kind = Значение
core-reference-default = По умолчанию
core-reference-meaning = Смысл
core-reference-required = обязателен
core-type-integers = целое число или список целых чисел
core-type-duration = длительность, например "90s" или "5m"
core-key-app = Название приложения, как его знают люди
core-key-engine = На чём работает приложение: Docker с compose или встроенная среда из демонстрации
core-key-target-host = `local` или всё, что `ssh` принимает как адрес
core-key-target-path = Каталог приложения на сервере, абсолютный путь
core-key-target-state = Где Stapel хранит там журнал, копии баз и содержимое файлов; по умолчанию каталог в /var/lib/stapel
core-key-target-become = Как агент становится root, если `ssh` входит не под ним; `sudo` не должен спрашивать пароль
core-key-source-from = Откуда берутся новые версии: `here` — каталог на этой машине, `checkout` — git-копия, которой является каталог приложения на хосте; она забирает коммиты сама
core-key-source-branch = Ветка удалённого репозитория, за которой следует копия на хосте; по умолчанию та, за которой следует её собственная ветка
core-key-source-path = Что выкладывается: каталог относительно этого файла
core-key-source-exclude = Шаблоны, как в `.gitignore`: что не выкладывается, кроме того, что не выкладывается никогда (`.git`, `__pycache__`, `.env`, `venv` и подобное)
core-key-source-env = Файлы с секретами, которые всё же выкладываются; читать их может только владелец
core-key-compose-files = Файлы compose по порядку, относительно каталога приложения; по умолчанию те, что найдёт сам compose
core-key-compose-project = Имя проекта, если compose вызывают с `-p`
core-key-service-rollout = Способ выкатки, если не тот, что выберет Stapel (`relay`). `recreate`: прежний останавливается до запуска нового — для того, что никогда не должно работать вдвоём; `start`: только запускать, когда не работает
core-key-service-no-cache = Собирать без кэша слоёв
core-key-service-healthy-within = Сколько может длиться запуск, пока сервис не станет здоров
core-key-database-kind = Вид базы данных
core-key-database-service = Для PostgreSQL в сервисе compose: этот сервис
core-key-database-host = Для PostgreSQL самого сервера, вместо `service`: связь через сокет, вход — peer; нужен ключ `database`
core-key-database-url = Для PostgreSQL в другом месте, вместо `service`: URL, по которому она доступна с сервера, например `postgresql://user:password@10.0.0.5/shop`; это секрет, поэтому пишите `${"{"}DATABASE_URL{"}"}`
core-key-database-user = Пользователь, если не POSTGRES_USER самого контейнера; с `host` — также пользователь системы, от имени которого работают программы PostgreSQL, если не `postgres`
core-key-database-database = Имя базы, если не POSTGRES_DB самого контейнера
core-key-database-socket = С `host`: каталог сокета, если не обычный
core-key-database-port = С `host`: порт, который входит в имя сокета, если не 5432
core-key-database-path = Файл базы относительно каталога приложения; нужен для SQLite
core-key-migration-tool = Чем мигрируется схема
core-key-migration-service = Сервис, в образе которого лежат инструмент и миграции
core-key-backup-dir = Где лежат копии баз, если не у Stapel; относительно каталога приложения
core-key-backup-keep-days = Через сколько дней копия удаляется; последняя проверенная — никогда
core-key-check-name = Как её называют люди
core-key-check-path = Путь, который спрашивается у порта самого сервиса, в том числе у кандидата до трафика; либо он, либо `url`
core-key-check-url = URL, спрашивается как у пользователей
core-key-check-via = Адрес, к которому подключаться, если имя в `url` туда не ведёт
core-key-check-service = Сервис, у которого спрашивается `path`; нужен, если их несколько
core-key-check-status = Допустимые коды ответа; по умолчанию любые от 200 до 299
core-key-check-contains = Что должно быть в теле ответа
core-key-check-ask = Вопрос, на который может ответить только человек, например «В календаре каждое занятие один раз?»; задаётся, когда всё остальное пройдено. Ответ «нет» возвращает релиз назад; если за `timeout` (здесь 15m) никто не ответил, релиз остаётся, и это записано
core-key-check-headers = Заголовки запроса, например {"{"} Authorization = "Bearer ${"{"}API_TOKEN{"}"}" {"}"}
core-key-check-timeout = Сколько можно ждать ответа
core-key-check-method = Каким методом спрашивать; только тем, что ничего не меняет: запрос повторяется много раз
core-key-check-matches = Регулярное выражение, которому тело должно где-то соответствовать, например "(?i)version:? 2"
core-key-check-within = За сколько должен прийти полный ответ, чтобы считаться хорошим
core-key-json-at = Где в ответе: указатель JSON, например "/items/0/title"; если больше ничего не сказано, там должно что-то быть
core-key-json-equals = Чему должно равняться значение
core-key-json-count = Сколько элементов должно быть в списке или объекте либо символов в строке
core-key-json-at-least = Сколько не меньше
core-key-json-at-most = Сколько не больше
core-key-json-unique = Поля элементов списка (имена или указатели JSON), в которых никакие два не должны совпадать, например ["date", "time"]; `[]` — элементы целиком
core-key-phase-name = Как его называют люди. С этапами выкладка идёт по частям, одна за другой; у каждой свои копия, путь назад и рубеж; то, что прошло свой рубеж, остаётся
core-key-phase-ref = Коммит, тег или ветка, которые выкладывает этот этап; по умолчанию то же, что и вся выкладка
core-key-phase-migrates = Мигрирует ли в нём схема
core-key-phase-gate = Проверки (по именам), которые должны проходить в конце этапа, даже если раньше не проходили; из остальных те, что проходили. По умолчанию все
core-key-watch-duration = Сколько после переключения приложение сравнивается с тем, каким было
core-key-watch-every = Как часто при этом смотрят проверки
core-key-watch-warm-up = Сколько этого времени не считать для длительности ответов и памяти; если не сказано, то не больше трети
core-key-watch-errors = Регулярные выражения для строк журнала, которые тоже считать ошибками
core-key-watch-ignore = Регулярные выражения для строк журнала, которые ошибками не считать, что бы в них ни было
core-key-log-service = Сервис приложения, который релизы не трогают, но журнал которого тоже читать
core-key-log-container = Чужой контейнер (например, прокси), по имени
core-key-log-file = Файл, относительно каталога приложения
core-key-log-unit = Юнит systemd, чей журнал читать
core-key-relay-standby = Держать ли прежнюю версию наготове, пока наблюдается новая: тогда путь назад — одно переключение
core-key-relay-drain = Сколько могут завершаться открытые запросы у уходящей версии
core-key-quiet-zone = Часовой пояс, например Europe/Moscow
core-key-quiet-hours = Часы, в которые не начинается ни релиз, ни следующий его этап, например "Пн-Пт 09:00-11:00"
core-config-source-path = `path` говорит о каталоге на этой машине; при `from = "checkout"` выкладывается каталог приложения на самом хосте.
core-config-source-branch = Для `branch` нужно `from = "checkout"`: каталог на этой машине выкладывается как есть.
core-why-build =
    { $files ->
        [one] меняется { $files } файл, из которого он собирается
        [few] меняются { $files } файла, из которых он собирается
       *[other] меняются { $files } файлов, из которых он собирается
    }
core-why-build-definition = может измениться то, что описывает сервисы
core-why-hold = для него ничего не меняется; он не заменяется
core-why-hold-env = меняется только его окружение: { $files }
core-why-hold-then = релиз { $release } его не заменял, поэтому его образ остаётся
core-image-gone = Образа { $service }, который ввёл релиз { $release }, больше нет.
    .remedy = Вернитесь к более позднему релизу (`stapel history`) или выложите старый коммит снова: он соберётся заново. Ничего не изменено.
core-why-hold-mounts =
    { $files ->
        [one] меняется только то, что в него смонтировано: { $files } файл
        [few] меняется только то, что в него смонтировано: { $files } файла
       *[other] меняется только то, что в него смонтировано: { $files } файлов
    }
core-why-pull = в реестре под этим именем другой образ
core-why-pull-silent = реестр не говорит, есть ли в нём другой образ
core-config-variable = В `${"{"}…{"}"}` у `{ $key }` стоит не имя; пишите `${"{"}ИМЯ{"}"}` или `$${"{"}`, если нужно само `${"{"}`.
core-config-variable-unset = Переменная `{ $name }` не задана в окружении или пуста. Задайте её там, где запускаете Stapel (`export { $name }=…`; в CI — секретом с этим именем).
core-config-variable-here = `{ $key }` показывается и записывается, секрету там не место; напишите значение прямо (`$${"{"}` — это само `${"{"}`). `${"{"}ИМЯ{"}"}` — для `token`, `chat` и `url` в [[notify]] и `url` базы данных.
core-config-url = `{ $key }` начинается с "http://" или "https://".
core-config-hook-point = У хука есть либо `before`, либо `after` с названием шага или "release".
core-secret-missing = Значение `{ $name }` не пришло вместе с релизом.
    .remedy = Задайте переменную в окружении, где запускаете Stapel, и повторите команду.
core-type-secret = строка; `${"{"}ИМЯ{"}"}` берётся из окружения
core-type-secret-table = таблица таких строк по именам
core-type-choices = список из: { $choices }
core-key-call = Кому звонить, если релиз застрял; стоит в уведомлении об этом
core-key-notify-kind = Бот Telegram или вебхук в форме Slack, POST с `{"{"}"text": …{"}"}` (Slack, Mattermost, Rocket.Chat)
core-key-notify-token = Токен бота; нужен для Telegram
core-key-notify-chat = Чат, в который он пишет; нужен для Telegram
core-key-notify-api = Где находится интерфейс ботов Telegram, если не на https://api.telegram.org: свой прокси
core-key-notify-url = Куда; нужен для вебхука
core-key-notify-on = О чём сообщать: релиз начался, закончился, идёт назад, застрял
core-key-notify-lang = На каком языке; по умолчанию на языке того, кто выпускает
core-key-hook-before = Хук идёт прямо перед первым шагом с этим названием; либо это, либо `after`
core-key-hook-after = Хук идёт сразу после последнего шага с этим названием
core-key-hook-run = Программа и аргументы, без оболочки. В окружении есть STAPEL_APP, STAPEL_TARGET, STAPEL_RELEASE, STAPEL_STEP, STAPEL_COMMIT, STAPEL_WHO и, после шага, STAPEL_OUTCOME
core-key-hook-undo = Что его отменяет, так же. Должно выдерживать второй запуск и случай, когда `run` прошёл наполовину
core-key-hook-where = Где он идёт: на сервере, в каталоге приложения
core-key-hook-timeout = Сколько он может длиться
core-key-hook-repeatable = Можно ли запустить его ещё раз, если сервер упал и неизвестно, докуда он дошёл; иначе релиз идёт назад
core-key-hook-may-fail = О сбое сообщается, а релиз идёт дальше
core-why-hold-written = на хосте с тех пор, как он запущен, правили { $files }
core-config-limit = `{ $key }` — это размер, например "10GB" или "512MiB", либо "off".
core-type-limit = размер, например "10GB", или "off"
core-key-images-keep = Сколько релизов, считая этот, сохраняют свои образы; те, что работают или нужны для возврата, остаются всегда
core-key-images-build-cache = Сколько может занимать кэш сборки после релиза — общий для всех, кто собирает на этом хосте; первым уходит то, чем дольше всего не пользовались. `off`: не трогать
core-config-build-arg = Имя аргумента сборки состоит из латинских букв, цифр и `_`, например "APP_VERSION", и не начинается с цифры.
core-type-pairs = таблица строк, например {"{"} NAME = "value" {"}"}
core-key-service-build-args = Значения для `ARG` его Dockerfile, поверх заданных в файле compose. Они остаются в истории образа и видны в командной строке на хосте — секретам там не место
core-why-build-args = собирается с другими аргументами сборки, чем прежде: { $names }
core-config-source-ignore = `ignore` говорит о каталоге на этой машине; при `from = "checkout"` выкладывается только закоммиченное.
core-key-source-ignore = Что ещё решает, что не выкладывается: `git` — всё, что git игнорирует; `docker` — файлы `.dockerignore`, каждый для своего каталога, кроме того, что читают compose и сборщик. Примонтированного среди этого быть не должно. `!имя` в `exclude` возвращает путь; файлы из `env` выкладываются всё равно
core-config-database-way = Для базы PostgreSQL нужно одно из трёх: `service` (работает в сервисе compose), `host = "local"` (PostgreSQL самого сервера) или `url`.
core-config-database-ways = К базе ведёт один путь, а здесь их несколько: { $keys }.
core-config-database-key = `{ $key }` не подходит к пути, который ведёт к этой базе.
core-config-database-url = `url` базы данных начинается с "postgresql://".
