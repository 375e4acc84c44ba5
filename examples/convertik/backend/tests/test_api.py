import pytest
from fastapi.testclient import TestClient

from app.version import VERSION


def test_health_names_version_and_revision(client: TestClient) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["version"] == VERSION
    assert answer.json()["revision"] is not None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health", 200),
        ("/docs", 200),
        ("/api/v1/stats/summary", 200),
        ("/api/v1/stats/metrics?period=week", 200),
        ("/api/v1/stats/metrics?period=year", 422),
        ("/api/v1/slow?seconds=0", 200),
        ("/api/v1/slow?seconds=11", 422),
        ("/no/such/page", 404),
    ],
)
def test_every_answer_carries_the_version(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["X-Convertik-Version"] == VERSION


def test_convert_twice_gives_the_same_from_the_table_and_from_the_cache(client: TestClient) -> None:
    for _ in range(2):
        answer = client.get("/api/v1/convert", params={"amount": "100", "from": "USD", "to": "EUR"})
        assert answer.json()["result"] == "92.00"


def test_convert_knows_no_such_currency(client: TestClient) -> None:
    answer = client.get("/api/v1/convert", params={"amount": "1", "from": "USD", "to": "XXX"})
    assert answer.status_code == 404


def test_an_event_sent_twice_is_counted_twice(client: TestClient) -> None:
    before = client.get("/api/v1/events/count").json()
    for _ in range(2):
        answer = client.post("/api/v1/events", json={"id": "sent-twice", "kind": "test"})
        assert answer.status_code == 201
        assert answer.json() == {"id": "sent-twice", "version": VERSION}
    after = client.get("/api/v1/events/count").json()
    assert after == {"count": before["count"] + 2, "distinct": before["distinct"] + 1}


@pytest.mark.parametrize(
    "event",
    [
        {"id": "", "kind": "a"},
        {"id": "a" * 65, "kind": "a"},
        {"id": "\0", "kind": "a"},
        {"id": "a"},
    ],
)
def test_an_event_that_cannot_be_stored_is_refused(client: TestClient, event: dict) -> None:
    assert client.post("/api/v1/events", json=event).status_code == 422
