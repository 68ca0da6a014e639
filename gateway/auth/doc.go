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
//     published as a JWKS. Guests, operators' tokens and nothing else.
//
// One-time tickets stand in for a token where a URL is the only place for a
// credential: a URL ends up in logs, and a used ticket there is harmless.
//
// Start with [New], then [Auth.FromRequest]. [Auth.Run] owns the only
// goroutine work: it reads the table of microDAO members again every two
// seconds, so that [Auth.Current] tells a live socket about rights that were
// given or taken since it opened.
package auth
