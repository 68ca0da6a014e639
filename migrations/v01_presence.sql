-- v1: Links, microDAO members, what the sync loop remembers, sessions, tickets

-- One row per place and per source that names it. Which source wins is decided
-- when the links are read (spaces/store), so that no source overwrites another.
CREATE TABLE room_links (
	slug              TEXT    NOT NULL,
	origin            TEXT    NOT NULL, -- cli, yaml or http
	id                TEXT    NOT NULL,
	matrix_room_id    TEXT    NOT NULL, -- as configured; empty when only an alias is
	matrix_room_alias TEXT    NOT NULL,
	name              TEXT    NOT NULL,
	description       TEXT    NOT NULL,
	zone              TEXT    NOT NULL,
	room_type         TEXT    NOT NULL,
	icon              TEXT    NOT NULL,
	color             TEXT    NOT NULL,
	map_x             BIGINT  NOT NULL,
	map_y             BIGINT  NOT NULL,
	map_w             BIGINT  NOT NULL,
	map_h             BIGINT  NOT NULL,
	is_public         BOOLEAN NOT NULL,
	microdao_id       TEXT    NOT NULL,
	PRIMARY KEY (slug, origin)
);

-- The Matrix room the daemon found behind a link: its alias resolved, or its
-- tombstone followed. It holds only while the link still names the same room
-- and alias.
CREATE TABLE room_link_targets (
	slug             TEXT NOT NULL PRIMARY KEY,
	configured_room  TEXT NOT NULL,
	configured_alias TEXT NOT NULL,
	matrix_room_id   TEXT NOT NULL
);

-- One row that grows with every change of the two tables above. Its row lock
-- also puts writers in a queue on PostgreSQL.
CREATE TABLE room_links_version (
	singleton BIGINT NOT NULL PRIMARY KEY,
	version   BIGINT NOT NULL
);
INSERT INTO room_links_version (singleton, version) VALUES (1, 0);

CREATE TABLE microdao_members (
	microdao_id TEXT NOT NULL,
	subject     TEXT NOT NULL, -- the sub of the person's token
	PRIMARY KEY (subject, microdao_id)
);

-- Where the daemon stands in the homeserver's stream, with the tables that the
-- position is worth nothing without.
CREATE TABLE sync_cursors (
	account    TEXT   NOT NULL PRIMARY KEY,
	next_batch TEXT   NOT NULL,
	filter_id  TEXT   NOT NULL,
	saved_at   BIGINT NOT NULL -- ms
);

-- only: sqlite until "end only"
CREATE TABLE sync_members (
	account TEXT NOT NULL,
	room_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	PRIMARY KEY (account, room_id, user_id)
) WITHOUT ROWID;
-- end only sqlite
-- only: postgres until "end only"
CREATE TABLE sync_members (
	account TEXT NOT NULL,
	room_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	PRIMARY KEY (account, room_id, user_id)
);
-- end only postgres

-- Bodies are JSON of the state engine's own, kept as text: jsonb would refuse
-- the NUL escape that display names may hold.
CREATE TABLE sync_people (
	account TEXT NOT NULL,
	user_id TEXT NOT NULL,
	body    TEXT NOT NULL,
	PRIMARY KEY (account, user_id)
);

CREATE TABLE sync_rooms (
	account TEXT NOT NULL,
	room_id TEXT NOT NULL,
	body    TEXT NOT NULL,
	PRIMARY KEY (account, room_id)
);

CREATE TABLE matrix_sessions (
	account       TEXT NOT NULL PRIMARY KEY,
	homeserver    TEXT NOT NULL,
	user_id       TEXT NOT NULL,
	device_id     TEXT NOT NULL,
	access_token  TEXT NOT NULL,
	refresh_token TEXT NOT NULL
);

CREATE TABLE tickets (
	hash       TEXT   NOT NULL PRIMARY KEY, -- never the ticket itself
	body       TEXT   NOT NULL,
	expires_at BIGINT NOT NULL -- ms
);
CREATE INDEX tickets_expires_at ON tickets (expires_at);
