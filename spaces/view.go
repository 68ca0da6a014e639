package spaces

// How fresh the numbers of a [CityView] are, the same three words in every
// format a browser reads.
const (
	StateLive    = "live"    // the aggregator sees the homeserver and we see the aggregator
	StateStale   = "stale"   // last known numbers, from AsOf
	StateUnknown = "unknown" // nothing was ever observed, or it is too old to show
)

// CityView is the city as one viewer may know it at one moment: what the
// gateway's table offers to REST and to anything else that wants a whole
// picture instead of a feed. It is a value: whoever receives it may keep it,
// and nobody changes it afterwards.
type CityView struct {
	Initialized bool          // false until the bus has delivered the first whole city
	State       string        // StateLive, StateStale or StateUnknown
	AsOf        int64         // ms; when the numbers were last confirmed, 0 when never
	Status      Status        // what the leading aggregator last said; zero when nothing was heard
	City        *CityPresence // distinct totals over public rooms; nil means unknown
	Rooms       []RoomView    // visible rooms only, sorted by slug
}

// RoomView is one room of a [CityView].
type RoomView struct {
	Link     Link
	Place    Rect          // where it is drawn on the map; overlaps no other room
	Presence *RoomPresence // nil means unknown, never zero
}
