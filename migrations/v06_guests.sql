-- v6 (compatible with v5+): Where guests come from: seats and bans

-- network is a pseudonym of the address, made with a key that the database does
-- not hold; empty for people with an account, and where it is not known.
ALTER TABLE presence_sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
ALTER TABLE presence_line ADD COLUMN network TEXT NOT NULL DEFAULT '';

-- Guests who entered a space or wrote in one, for a day after the last time: a
-- moderator may ban one who has left.
CREATE TABLE presence_guests (
	subject    TEXT   NOT NULL PRIMARY KEY,
	network    TEXT   NOT NULL,
	first_seen BIGINT NOT NULL, -- ms
	last_seen  BIGINT NOT NULL  -- ms
);
CREATE INDEX presence_guests_last_seen ON presence_guests (last_seen);

-- What a guest's ban means for guests who come after it from the same network,
-- for some hours.
CREATE TABLE presence_network_bans (
	space_type TEXT   NOT NULL,
	space_id   TEXT   NOT NULL,
	subject    TEXT   NOT NULL, -- the banned guest
	network    TEXT   NOT NULL,
	created_at BIGINT NOT NULL, -- ms
	expires_at BIGINT NOT NULL, -- ms
	PRIMARY KEY (space_type, space_id, subject)
);
CREATE INDEX presence_network_bans_expires_at ON presence_network_bans (expires_at);
