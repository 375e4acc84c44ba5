/// Counts the tables in what `pg_restore --list` prints: lines like `214; 1259 16385 TABLE public t owner`.
///
/// 1259 is the system catalogue of relations (`pg_class`): it tells a table from `TABLE DATA` and `TABLE ATTACH`,
/// whose first number is 0. Source: `PrintTOCSummary` in PostgreSQL's `pg_backup_archiver.c`.
pub(crate) fn tables(list: &str) -> u64 {
    list.lines()
        .filter(|line| {
            let mut words = line.split_whitespace();
            let id = words.next().is_some_and(|w| w.ends_with(';') && w.len() > 1);
            id && words.next() == Some("1259") && words.nth(1) == Some("TABLE")
        })
        .count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As PostgreSQL 15 printed it.
    const LIST: &str = "\
;
; Archive created at 2026-11-20 09:20:11 UTC
;     dbname: appdb
;     TOC Entries: 18
;     Compression: -1
;     Dump Version: 1.14-0
;     Format: CUSTOM
;
; Selected TOC Entries:
;
215; 1259 16392 TABLE public e app
216; 1259 16395 TABLE public my t app
218; 1259 16407 SEQUENCE public s app
214; 1259 16385 TABLE public t app
217; 1259 16403 VIEW public vv app
3356; 0 16392 TABLE DATA public e app
3357; 0 16395 TABLE DATA public my t app
3355; 0 16385 TABLE DATA public t app
3365; 0 0 SEQUENCE SET public s app
3210; 2606 16391 CONSTRAINT public t t_pkey app
3211; 2606 16398 FK CONSTRAINT public my t my t_x_fkey app
";

    #[test]
    fn tables_are_counted_and_nothing_else() {
        assert_eq!(tables(LIST), 3);
        assert_eq!(tables(""), 0);
    }
}
