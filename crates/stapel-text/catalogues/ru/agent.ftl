### agent: the process on the host and the steps of a release
agent-state = Stapel не может хранить своё состояние в { $path }: { $error }
    .remedy = Входите как root, или добавьте become = "sudo" в таблицу цели в stapel.toml, или укажите там ключом `state` другой каталог на сервере.
agent-needs-root = План переводит трафик с одного контейнера на другой, а это на сервере может только root.
    .remedy = Входите как root или добавьте become = "sudo" в таблицу цели в stapel.toml.
agent-no-target = В stapel.toml нет цели "{ $name }"; есть: { $known }.
    .remedy = Назовите одну из них.
agent-no-service = В stapel.toml нет сервиса "{ $name }"; есть: { $known }.
    .remedy = Назовите один из них.
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
    .remedy = Базе PostgreSQL нужен ключ `service` и движок docker, базе SQLite — ключ `path`.
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
agent-verify-does =
    { $count ->
        [one] прогнать { $count } проверку
        [few] прогнать { $count } проверки
       *[other] прогнать { $count } проверок
    }
agent-verify-done =
    { $count ->
        [one] { $count } проверка прошла (за { $millis } мс)
        [few] { $count } проверки прошли (самая долгая за { $millis } мс)
       *[other] { $count } проверок прошли (самая долгая за { $millis } мс)
    }
agent-watch-does = сравнивать приложение с прежним в течение { $time }
agent-watch-done =
    { $looks ->
        [one] { $looks } взгляд, не хуже прежнего
        [few] { $looks } взгляда, не хуже прежнего
       *[other] { $looks } взглядов, не хуже прежнего
    }
agent-prune-does = отпустить старые дампы и образы
agent-prune-left = кое-что останется до следующего раза: { $why }
