from conftest import alembic


def test_every_migration_goes_down_and_up_again(database: None) -> None:
    while alembic("current").strip():
        alembic("downgrade", "-1")
    alembic("upgrade", "head")
    assert "(head)" in alembic("current")


def test_models_and_migrations_agree(database: None) -> None:
    assert "No new upgrade operations" in alembic("check")
