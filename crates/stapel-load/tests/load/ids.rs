use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use stapel_load::{Plan, Shape, verify_stored};

use crate::run;
use crate::server::{Reply, Server};

type Table = Arc<Mutex<Vec<String>>>;

/// Stores what is posted; says 502 while the number of rows ends in 4 or 9 though it has stored; turns every seventh
/// order away.
async fn shop(table: &Table) -> Server {
    let (table, seen) = (Arc::clone(table), AtomicUsize::new(0));
    Server::start(move |request| {
        let mut rows = table.lock().unwrap();
        let turned_away = request.method == "POST" && seen.fetch_add(1, Ordering::SeqCst) % 7 == 6;
        if request.method == "POST" && !turned_away {
            assert_eq!(request.path.strip_prefix("/orders/"), Some(request.body.as_str()));
            rows.push(request.body);
        }
        let answer = match rows.len() % 5 {
            _ if turned_away => "HTTP/1.1 409 x\r\ncontent-length: 0\r\n\r\n",
            4 => "HTTP/1.1 502 x\r\ncontent-length: 0\r\n\r\n",
            _ => "HTTP/1.1 201 x\r\ncontent-length: 0\r\n\r\n",
        };
        async move { Reply::Keep(vec![answer]) }
    })
    .await
}

#[tokio::test]
async fn what_was_acknowledged_is_known_by_id() {
    let table = Table::default();
    let server = shop(&table).await;
    let shapes = vec![Shape::post("order", "/orders/{id}", "{id}").kept(), Shape::get("page", "/")];
    let plan = Plan::new(server.address, "shop.example", 200.0, shapes);
    let (one, two) = tokio::join!(run(plan.clone(), 40), run(plan, 40));

    let mut counts = HashMap::<String, usize>::new();
    for id in table.lock().unwrap().iter() {
        *counts.entry(id.clone()).or_default() += 1;
    }
    let posts: usize = [&one, &two].iter().map(|r| r.acknowledged().len() + r.unknown().len()).sum();
    assert_eq!(counts.len(), posts, "no two loads have an id in common");
    assert!(one.summary().unexpected > 0, "and who was turned away is in neither list");
    assert!(!one.acknowledged().is_empty() && !one.unknown().is_empty());
    for report in [&one, &two] {
        let found = verify_stored(&report.acknowledged(), &report.unknown(), |id| counts.get(id).copied().unwrap_or(0));
        assert!(found.is_ok(), "{found:?}");
        assert_eq!(found.unknown_stored, report.unknown().len());
    }

    let (gone, twice) = (&one.acknowledged()[0], &one.unknown()[0]);
    counts.remove(gone);
    counts.insert(twice.clone(), 2);
    let found = verify_stored(&one.acknowledged(), &one.unknown(), |id| counts.get(id).copied().unwrap_or(0));
    assert_eq!((found.missing.as_slice(), found.duplicated.as_slice()), (&[gone.clone()][..], &[twice.clone()][..]));
}
