use super::{Patterns, clean, level, traceback};

/// The lines that say a critical error, in their order, without colours and passwords. A traceback is one line, the
/// one that names its exception. What was asked of the app does not count: a request for `/error` is none.
#[must_use]
pub fn errors(lines: &[String], patterns: &Patterns) -> Vec<String> {
    let lines: Vec<String> = lines.iter().map(|line| clean::shown(line)).collect();
    let mut says = vec![false; lines.len()];
    for (at, line) in lines.iter().enumerate() {
        match traceback::speaks_for(&lines, at) {
            Some(speaker) => says[speaker] = true,
            None => says[at] |= patterns.found_in(line) || level::critical(&clean::own_words(line)),
        }
    }
    let found = lines.into_iter().zip(says).filter(|(line, says)| *says && !patterns.ignored(line));
    found.map(|(line, _)| line.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(log: &str) -> Vec<String> {
        errors(&log.lines().map(ToOwned::to_owned).collect::<Vec<_>>(), &Patterns::default())
    }

    #[test]
    fn each_of_these_is_a_critical_error() {
        for line in [
            "ERROR:    Exception in ASGI application",
            "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use",
            "ERROR:root:could not load",
            "2026-11-20 09:15:00,123 - app.db - CRITICAL - pool is gone",
            "2026-11-20 09:15:00,123-ERROR-pool is gone",
            "[2026-11-20 09:15:00 +0000] [7] [ERROR] Worker (pid:12) exited with code 3",
            "ERROR 2026-11-20 09:15:00,123 log 7 140 Internal Server Error: /api/orders/",
            "2026-11-20 09:15:00.123 UTC [71] ERROR:  relation \"orders\" does not exist at character 15",
            "2026-11-20 09:15:00.123 UTC [72] FATAL:  password authentication failed for user \"app\"",
            "2026-11-20 09:15:00.123 UTC [1] PANIC:  could not write to file \"pg_wal/xlogtemp.1\": No space left on device",
            "2026-11-20T09:15:00.123456Z ERROR app::db: no connection error=timed out",
            "\u{1b}[2m2026-11-20T09:15:00Z\u{1b}[0m \u{1b}[31mERROR\u{1b}[0m \u{1b}[2mapp\u{1b}[0m: boom",
            "thread 'main' panicked at src/main.rs:5:10:",
            "panic: runtime error: index out of range [3] with length 3",
            "2026/11/20 09:15:00 [error] 31#31: *1 connect() failed (111: Connection refused), request: \"GET /x HTTP/1.1\"",
            "2026/11/20 09:15:00 [emerg] 1#1: host not found in upstream \"api\"",
            "2026-11-20 09:15:00 [error    ] payment failed                 order=7",
            r#"{"level":"error","ts":1763629200.1,"logger":"http.log.error","msg":"dial tcp: connection refused"}"#,
            "time=2026-11-20T09:15:00Z level=fatal msg=\"no config\"",
            "web-1  | ERROR:    Application startup failed. Exiting.",
            "                    ERROR    as rich prints it in the same second      main.py:7",
        ] {
            assert_eq!(found(line).len(), 1, "{line}");
        }
    }

    #[test]
    fn none_of_these_is() {
        for line in [
            "INFO:     127.0.0.1:51234 - \"GET /api/error HTTP/1.1\" 200 OK",
            "127.0.0.1:51234 - \"GET /ERROR HTTP/1.1\" 200",
            "10.0.0.1 - - [20/Nov/2026:09:15:00 +0000] \"GET /panic/FATAL?level=ERROR HTTP/1.1\" 200 12 \"https://a.example/ERROR\" \"ERROR bot\"",
            "[20/Nov/2026 09:15:00] \"GET /admin/error/ HTTP/1.1\" 200 1234",
            "DEBUG request{method=GET uri=/ERROR version=HTTP/1.1}: tower_http::trace::on_request: started processing",
            r#"{"level":"info","logger":"http.log.access","msg":"handled request","request":{"uri":"/error?level=error"},"status":200}"#,
            "INFO:     retrying after ERROR from upstream",
            "WARNING 2026-11-20 09:15:00,123 log 7 140 Not Found: /ERROR",
            "2026-11-20 09:15:00.123 UTC [71] LOG:  statement: INSERT INTO logs (level) VALUES ('ERROR')",
            "2026-11-20 09:15:00.123 UTC [71] STATEMENT:  SELECT 'FATAL' ",
            "\tWHERE level = 'ERROR'",
            "2026-11-20T09:15:00Z  INFO app: errors=0 panics=0",
            "0 errors, 0 warnings",
            "don't panic",
            "writing ERROR.log",
            "MAX_ERRORS=5 ERROR_COUNT=0",
            "",
        ] {
            assert_eq!(found(line), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn a_traceback_is_the_line_that_names_its_exception() {
        let log = "\
ERROR:    Exception in ASGI application
Traceback (most recent call last):
  File \"/usr/lib/python3.11/site-packages/uvicorn/protocols/http/httptools_impl.py\", line 435, in run_asgi
    result = await app(  # type: ignore[func-returns-value]
             ^^^^^^^^^^
INFO:     127.0.0.1:51234 - \"GET /health HTTP/1.1\" 200 OK
  File \"/app/main.py\", line 12, in orders
    raise ValueError(\"ERROR\")
ValueError: no such order
INFO:     127.0.0.1:51236 - \"GET /orders HTTP/1.1\" 500 Internal Server Error
";
        assert_eq!(found(log), ["ERROR:    Exception in ASGI application", "ValueError: no such order"]);
    }

    #[test]
    fn chained_tracebacks_behind_a_prefix_and_in_groups() {
        let log = "\
web-1  | Traceback (most recent call last):
web-1  |   File \"/app/db.py\", line 3, in connect
web-1  | ConnectionRefusedError: [Errno 111] Connection refused
web-1  | 
web-1  | During handling of the above exception, another exception occurred:
web-1  | 
web-1  | Traceback (most recent call last):
web-1  |   File \"/app/db.py\", line 5, in connect
web-1  | django.db.utils.OperationalError: postgresql://app:pw@db/app refused
  + Exception Group Traceback (most recent call last):
  |   File \"/app/main.py\", line 1, in <module>
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File \"/app/main.py\", line 9, in work
    | KeyError
    +------------------------------------
";
        assert_eq!(
            found(log),
            [
                "web-1  | ConnectionRefusedError: [Errno 111] Connection refused",
                "web-1  | django.db.utils.OperationalError: postgresql://app:***@db/app refused",
                "| ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)",
                "| KeyError",
            ]
        );
    }

    #[test]
    fn a_traceback_that_is_cut_off_speaks_for_itself() {
        assert_eq!(
            found("Traceback (most recent call last):\n  File \"x\", line 1"),
            ["Traceback (most recent call last):"]
        );
    }

    #[test]
    fn a_pattern_of_ones_own_holds_whatever_the_level() {
        let patterns = Patterns::new(&["out of memory".into()], &["^ERROR: no (mail|fax)$".into()]).unwrap();
        let lines = ["INFO: out of memory", "INFO: fine", "ERROR: no mail", "ERROR: no mail today"].map(str::to_owned);
        assert_eq!(errors(&lines, &patterns), ["INFO: out of memory", "ERROR: no mail today"]);
    }
}
