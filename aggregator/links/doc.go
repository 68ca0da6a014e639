// Package links brings links between Matrix rooms and city places into the
// store: from a YAML file that an operator edits, and from a city service that
// is asked over HTTP. Links made by a command are in the store already.
//
// A [Poller] writes each origin's links under that origin and never touches
// another's; which of them is in effect is decided in spaces/store (a command
// beats the file, the file beats the city service). Whoever follows the links
// polls the store.
//
// [Poller.Run] owns one goroutine per origin and ends them before it returns.
// Each origin's state belongs to its goroutine.
//
// What goes wrong while running never unlinks a room: a file that does not
// parse, a service that does not answer, answers an error, HTML or an empty
// list leaves the links as they are, is counted, and is logged once until the
// state changes. One bad room of a pull is dropped with its reason, keeping
// the link it had before; a bad file is refused whole, because a person is
// there to read why.
//
// # Fields of a room
//
// Both sources use the same names: id, slug, name, description, zone,
// room_type, icon, color, matrix_room_id, matrix_room_alias, is_public,
// microdao_id, and the place as map_x, map_y, map_w, map_h or as map with x,
// y, w, h. Only slug and one of the two Matrix names are needed.
//
// A source that does not say is_public means a public room, as the rooms of
// the original contract all are, unless it names a microDAO: then the room is
// private. Colours are #rrggbb or one of Tailwind's colour words, which the
// original city uses.
package links
