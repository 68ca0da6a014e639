// Package auth decides who is looking. It turns a credential of a request into
// a [spaces.Viewer] and makes the credentials we issue ourselves.
//
// Two issuers are believed, each with one algorithm and one key, so that no
// token can choose how it is checked:
//
//   - "daarion-auth", the city's own login service: HS256 with the shared
//     secret (JWT_SECRET), type "access" only, because its refresh tokens carry
//     the same signature;
//   - "presence", ourselves: EdDSA with a key derived from the same secret,
//     published as a JWKS. Logins, guests and operators' tokens.
//
// People log in by a proof, once, and then hold tokens of ours:
//
//   - Hive: they sign a text of [Auth.Challenge] with their posting key
//     ([Auth.HiveLogin]; keys and nodes are package hive). Clients of the first
//     server sign a text of their own instead and send that with requests;
//     [Auth.FromRequest], [Auth.FromJoin] and [Auth.FromHandshake] read their
//     forms. The time in seconds is good for a day, as those clients need;
//     dlux_vr_<ms>_<random> is good once.
//   - Matrix: an OpenID token, checked with its server ([Auth.MatrixLogin]).
//   - Guests prove nothing, keep a pseudonym and look like guests.
//
// A login has an id, the sid of its tokens and the Login of its viewers.
// Access tokens live 15 minutes, refresh tokens are good once ([Auth.Refresh]),
// and nothing outlives the login. Ending it ([Auth.Logout], an operator, an old
// refresh token, a key that left its account) refuses its tokens and closes its
// sockets, here at once and elsewhere within seconds. A socket therefore may
// outlive the access token it was opened with (claim sid_exp), up to 12 hours.
//
// One-time tickets stand in for a token where a URL is the only place for a
// credential: a URL ends up in logs, and a used ticket there is harmless.
// [Auth.Join] makes tokens that are good for one space alone.
//
// Where a request came from becomes the Network of its viewer, a pseudonym by
// which guests are bounded together ([WithAddress]).
//
// Start with [New], then [Auth.FromRequest]. [Auth.Run] owns the only
// goroutine work: it reads the table of microDAO members and the revoked logins
// again every two seconds, so that [Auth.Current] tells a live socket about
// rights that were given or taken since it opened, and looks now and then
// whether Hive logins with open sockets still have their keys.
package auth
