// Package bus carries the city's presence and the sessions of its spaces over
// NATS: typed values in, typed changes out. Subject names, lifetimes and the
// settings of streams live here and nowhere else.
//
// Presence is state: one message per subject, the newest wins, and each has
// a lifetime (header Nats-TTL) that every republish renews. When nobody
// refreshes a value the server leaves an empty marker in its place and
// watchers hear that it is gone. A room without a message is unknown, never
// zero.
//
//	city.presence.room.<slug>   [spaces.RoomPresence], the first aggregator's payload with fields added
//	city.presence.user.<token>  [spaces.UserPresence], token by [UserToken]
//	city.presence.link.<slug>   [spaces.Link], no lifetime
//	city.presence.city          [spaces.CityPresence]
//	city.presence.status        [spaces.Status], short lifetime: its absence means that no aggregator lives
//	city.presence.term          who publishes now; every publish of a leader is fenced by it
//	city.presence.drop.<k>.<x>  removal of city.presence.<k>.<x>, renamed by the stream, so that plain
//	                            subscribers of city.presence.room.* never receive an empty body
//
// Sessions are state as well, in a stream of their own; what moves is not:
//
//	space.session.<gateway>.<token>     [spaces.Session]: one client inside a space
//	space.alive.<gateway>               sign of life of a gateway, each fenced by the one before it
//	space.live.<token of the key>       plain: motion and events between the gateways of a space
//	space.gateway.<gateway>             plain: to one gateway
//	space.control                       plain: [Control], who must leave
//
// A gateway gives a sign of life only after everything it has inside is stored.
// [Bus.WatchSessions] relies on that: what a gateway did not say before it is
// over, and a gateway that is not heard any more is dead with all it had
// (session_roster.go). Plain messages are delivered at most once, never to their
// sender, and dropped rather than waited for ([Gateway]).
//
// What happens in chats is history: the database is the truth, and its outbox
// goes into a durable stream that forgets after an hour ([Bus.PublishHistory],
// [Bus.FollowHistory]). The order there is that of publishing; the seq of each
// event is the order that counts.
//
//	space.history.<type>.<id>.<subspace>  [HistoryEvent], known to the server by key and seq
//
// [Open] connects, or starts a NATS server inside the process when no URL is
// given. [Bus.WatchCity] is the reading side: a snapshot, then changes, healed
// by a new snapshot whenever continuity is in doubt. [Bus.PutRooms] and its
// siblings are the writing side: acknowledged, fenced, and able to restore a
// stream that vanished. [Bus.Lead] chooses the one aggregator that publishes.
//
// Goroutines: WatchCity, WatchSessions, Lead and [Gateway.Run] run in their caller's goroutine and end what
// they start before they return. Open starts the NATS client's goroutines and
// the embedded server's; [Bus.Close] ends them and waits.
package bus
