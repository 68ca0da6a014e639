-- v5: Who is in which space, seats and the waiting line

-- Who is inside, one row per client. The first eleven columns are the first
-- server's, and operators query them; JSON instead of its jsonb, because jsonb
-- refuses the NUL escape that other people's avatars may hold.
-- only: postgres until "end only"
CREATE TABLE presence_sessions (
	id            BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	socket_id     TEXT        NOT NULL UNIQUE,
	user_account  TEXT,                -- NULL for guests
	space_type    TEXT        NOT NULL,
	space_id      TEXT        NOT NULL,
	subspace      TEXT        NOT NULL DEFAULT 'main',
	position      JSON,                -- {"x","y","z"} in metres as last noted; NULL: never moved
	avatar_data   JSON,
	voice_enabled BOOLEAN     NOT NULL DEFAULT false,
	connected_at  TIMESTAMPTZ NOT NULL,
	last_activity TIMESTAMPTZ NOT NULL, -- when its gateway last vouched for it

	subject       TEXT        NOT NULL,
	name          TEXT        NOT NULL,
	guest         BOOLEAN     NOT NULL,
	door          TEXT        NOT NULL,
	gateway       TEXT        NOT NULL
);
-- end only postgres
-- only: sqlite until "end only"
CREATE TABLE presence_sessions (
	id            INTEGER PRIMARY KEY,
	socket_id     TEXT    NOT NULL UNIQUE,
	user_account  TEXT,
	space_type    TEXT    NOT NULL,
	space_id      TEXT    NOT NULL,
	subspace      TEXT    NOT NULL DEFAULT 'main',
	position      TEXT,
	avatar_data   TEXT,
	voice_enabled BOOLEAN NOT NULL DEFAULT false,
	connected_at  TEXT    NOT NULL,
	last_activity TEXT    NOT NULL,

	subject       TEXT    NOT NULL,
	name          TEXT    NOT NULL,
	guest         BOOLEAN NOT NULL,
	door          TEXT    NOT NULL,
	gateway       TEXT    NOT NULL
);
-- end only sqlite
CREATE INDEX idx_presence_sessions_space ON presence_sessions (space_type, space_id, subspace);
CREATE INDEX idx_presence_sessions_activity ON presence_sessions (last_activity);
CREATE INDEX idx_presence_sessions_gateway ON presence_sessions (gateway);

-- Who waits for a seat, and for whom one is held. Only places in one space are
-- compared; a place is the place at the end of the line when it was taken.
CREATE TABLE presence_line (
	socket_id      TEXT   NOT NULL PRIMARY KEY,
	space          TEXT   NOT NULL, -- type:id:subspace
	place          BIGINT NOT NULL,
	subject        TEXT   NOT NULL,
	gateway        TEXT   NOT NULL,
	body           TEXT   NOT NULL, -- the session as JSON, for the day it gets its seat
	seen_at        BIGINT NOT NULL, -- ms; when its gateway last vouched for it
	gone_at        BIGINT NOT NULL, -- ms; since when its client is away, 0 while it is there
	reserved_until BIGINT NOT NULL  -- ms; a seat is held until then, 0 while it waits
);
CREATE INDEX presence_line_space ON presence_line (space, place);
CREATE INDEX presence_line_gateway ON presence_line (gateway);

-- Rows to lock: who changes the seats of a space updates the one its key falls
-- on, so that gateways decide one after another.
CREATE TABLE presence_turns (
	turn  BIGINT NOT NULL PRIMARY KEY,
	taken BIGINT NOT NULL
);
INSERT INTO presence_turns (turn, taken)
	WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 63)
	SELECT i, 0 FROM n;
