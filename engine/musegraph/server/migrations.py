"""How the database came to be as it is: steps that only go forward, each a transaction.

A step that was released is never changed; a new one is added below it.
"""

from __future__ import annotations

from typing import Final

MIGRATIONS: Final[tuple[str, ...]] = (
    """
    create table runs (
      number integer primary key,
      id text not null unique,
      key text unique,
      body text not null,
      name text not null,
      workflow text not null,
      targets text not null,
      steps integer not null,
      state text not null,
      priority integer not null default 0,
      place real not null,
      attempt integer not null default 0,
      lease text,
      worker text,
      submitted real not null,
      started real,
      finished real,
      error text,
      outputs text,
      record text
    );
    create index runs_by_place on runs (state, priority desc, place);
    create index runs_by_end on runs (finished desc) where finished is not null;
    create table assets (
      digest text primary key,
      name text not null,
      media text not null,
      bytes integer not null,
      made real not null,
      run text references runs(id) on delete set null
    );
    create table workflows (
      id text primary key,
      name text not null,
      created real not null,
      changed real not null,
      deleted real
    );
    create unique index workflows_by_name on workflows (name) where deleted is null;
    create table versions (
      workflow text not null references workflows(id) on delete cascade,
      number integer not null,
      text text not null,
      saved real not null,
      primary key (workflow, number)
    ) without rowid;
    create table settings (name text primary key, value text not null) without rowid;
    """,
    """
    alter table runs add column blame text;
    """,
    """
    alter table runs add column client text not null default '';
    create index runs_by_client on runs (state, client, priority, place);
    """,
)
