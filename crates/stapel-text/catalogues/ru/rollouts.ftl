### rollouts
rollouts-why-start = сервис ещё не запущен
rollouts-why-relay = пока настоящий экземпляр пересоздаётся, отвечает кандидат: ни один запрос не теряется
rollouts-why-recreate = так сказано в stapel.toml: двум сразу работать нельзя, и пока новый не поднялся, никто не обслуживает
rollouts-why-recreate-copies = таких экземпляров { $copies }, один кандидат их не заменит: они останавливаются и создаются заново вместе
rollouts-recreate-does = остановить { $service } и создать его заново собственной командой команды
rollouts-recreate-gap = { $service } не было не дольше { $gap }, пока он снова не стал здоров
rollouts-why-restart = другой экземпляр его не подменяет: пока он не вернётся, запросы могут теряться
rollouts-restart-does = остановить { $service } и запустить снова, как есть
rollouts-restart-undoes = запустить { $service }, если он остановлен
rollouts-restart-gap = { $service } отсутствовал { $gap }: от приказа остановиться до исправного состояния
rollouts-restart-not-healthy = { $instance } запущен снова, но не стал исправным: { $detail }
        Конец его журнала:
        { $logs }
    .remedy = Он оставлен работать как есть. Исправьте то, о чём говорит журнал; `stapel rollback` вернёт в работу прежний релиз.
rollouts-start-does = запустить { $service }
rollouts-start-undoes = остановить { $service }
rollouts-candidate-does = запустить рядом кандидата { $service } и прогнать на нём проверки
rollouts-candidate-undoes = убрать кандидата
rollouts-divert-does = передать трафик кандидату; что открыто дольше { $drain } (WebSocket, поток событий), будет оборвано
rollouts-divert-undoes = вернуть трафик настоящему экземпляру
rollouts-replace-does = пересоздать { $service } обычной командой
rollouts-replace-undoes = пересоздать прежний { $service }
rollouts-restore-does = вернуть трафик и убрать кандидата
rollouts-restore-undoes = передать трафик кандидату прежней версии
rollouts-prepare-standby-does = сделать копию { $service } как он есть, для пути назад
rollouts-prepare-standby-undoes = удалить копию
rollouts-standby-does = держать прежний { $service } наготове до конца релиза
rollouts-standby-undoes = отдать трафик прежней версии, которая стоит наготове
rollouts-standby-serves = прежний { $service } снова обслуживает запросы
rollouts-no-standby = прежняя версия не стоит наготове, и путь назад будет дольше: { $why }
rollouts-left-open =
    { $left ->
        [one] { $left } соединение держал открытым клиент, теперь оно закрыто
        [few] { $left } соединения держали открытыми клиенты, теперь они закрыты
       *[other] { $left } соединений держали открытыми клиенты, теперь они закрыты
    }
rollouts-await-healthy = { $service } готов к работе
rollouts-unhealthy = проверка здоровья не проходит: { $said }
rollouts-exited = процесс завершился с кодом { $code }
rollouts-gone = его больше нет
rollouts-not-healthy = { $instance } не заработал: { $detail }
        Конец его журнала:
        { $logs }
    .remedy = Исправьте то, о чём говорит журнал, и выкатите снова. Прежняя версия продолжает работать.
rollouts-no-real = Нет экземпляра { $service }, которому можно передать трафик.
    .remedy = Посмотрите `stapel status` и `stapel logs`; `docker compose up -d` в каталоге приложения создаст его.
rollouts-no-candidate = Кандидат { $service } исчез.
    .remedy = Его удалил кто-то другой; убедитесь, что во время релиза на сервере ничего не чистит контейнеры, и повторите.
rollouts-unknown = Этот Stapel не знает фазы { $phase } выкатки { $rollout }.
    .remedy = Релиз спланирован другой версией: используйте её.
rollouts-start-runs = Сервис { $service } работает, а stapel.toml разрешает только запускать его, когда он не работает (rollout = "start"): двое сразу работать не должны.
    .remedy = Остановите его на хосте (`docker compose stop { $service }`) и повторите deploy: релиз запустит новую версию. Ничего не изменено.
rollouts-none = Сервису { $service } не подходит ни одна выкатка (задана: { $wanted }).
    .remedy = Уберите ключ `rollout` из его таблицы в stapel.toml: Stapel выберет сам.
