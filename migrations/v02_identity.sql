-- v2: Logins, refresh tokens, challenges

-- One row for each time somebody proved who they are. Refresh tokens are not
-- kept: they are derived from id and generation with a key that the database
-- does not hold.
CREATE TABLE logins (
	id         TEXT   NOT NULL PRIMARY KEY, -- the sid of tokens
	subject    TEXT   NOT NULL,
	method     TEXT   NOT NULL, -- hive, hive-signature or matrix
	proof      TEXT   NOT NULL, -- the public key of a Hive login, asked about again later; otherwise empty
	created_at BIGINT NOT NULL, -- ms
	expires_at BIGINT NOT NULL, -- ms; no refresh goes beyond it
	generation BIGINT NOT NULL, -- of the refresh token that is good now
	rotated_at BIGINT NOT NULL, -- ms; when that one was made
	revoked_at BIGINT NOT NULL, -- ms; 0: it holds
	reason     TEXT   NOT NULL  -- of the revocation
);
CREATE INDEX logins_subject ON logins (subject);
CREATE INDEX logins_expires_at ON logins (expires_at);

-- Logins whose tokens may still be under way. Gateways read all of it every
-- two seconds, so a row goes as soon as the last such token has expired. A
-- guest's login is named like the guest and has no row above.
CREATE TABLE login_revocations (
	login     TEXT   NOT NULL PRIMARY KEY,
	forget_at BIGINT NOT NULL -- ms
);
CREATE INDEX login_revocations_forget_at ON login_revocations (forget_at);

-- Texts we asked somebody to sign; a row goes with the first use.
CREATE TABLE login_challenges (
	hash       TEXT   NOT NULL PRIMARY KEY, -- of the whole text
	account    TEXT   NOT NULL,
	purpose    TEXT   NOT NULL,
	expires_at BIGINT NOT NULL -- ms
);
CREATE INDEX login_challenges_expires_at ON login_challenges (expires_at);

-- What others made and is good for one use here: challenges of old clients,
-- OpenID tokens.
CREATE TABLE used_credentials (
	hash      TEXT   NOT NULL PRIMARY KEY, -- never the credential itself
	forget_at BIGINT NOT NULL -- ms; it is refused for another reason from then on
);
CREATE INDEX used_credentials_forget_at ON used_credentials (forget_at);
