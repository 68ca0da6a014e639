// Package access collects the facts that [spaces.Decide] judges by: the content
// of a space, its settings, and what a viewer is there. Every door, REST and the
// chat ask [Access.Check], so that a right means the same everywhere.
//
// A role is the strongest of
//
//   - admin for the city's admins (SYSTEM_ADMINS);
//   - admin for the author of a post and the creator of a document;
//   - in a document, the right it was shared with: admin is admin; read, write
//     and whatever else the document service calls a share is subscriber. Who
//     may edit a text was given no power over people;
//   - what was granted in the store;
//   - in a linked city room, the Matrix power level: 100 and more is admin, 50
//     and more is moderator, as in Matrix itself. A homeserver that does not
//     answer gives no role, never more than it gave before.
//
// Any well-formed subspace of a space that exists may be entered: old front
// ends make rooms up as they go ("main-<name>"). All rights belong to the
// content, whichever subspace is asked about.
//
// The ban of a guest, who could come back as another one at once, holds for some
// hours for all guests who come from the same network after it. The network is a
// pseudonym ([presence/gateway/auth.WithAddress]); the store has it for a day
// after a guest was let in somewhere.
//
// It starts no goroutine. [Access] remembers answers for a few seconds, so that
// asking on every message costs nothing; a change made through it holds at once
// here and within that time on other gateways.
package access
