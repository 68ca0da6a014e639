package town

import "slices"

// Plan is a whole city before it exists.
type Plan struct {
	Rooms  []Room
	People []Person // residents, software agents and guests
	Daemon string   // localpart of the account that presence follows the city with
}

// Room is a place of the city and the Matrix room behind it.
type Room struct {
	Slug, Name, Topic string
	Zone, Kind        string
	Icon, Color       string
	X, Y, W, H        int    // cells of the city map
	Founder           string // localpart of the resident who makes the room and never leaves it
	MicroDAO          string // whose members see it; empty: everybody
}

// Alias is the room's Matrix alias on a server.
func (r Room) Alias(server string) string { return "#city_" + r.Slug + ":" + server }

// Role says who moves a person.
type Role uint8

// The roles.
const (
	Resident Role = iota // lives by the crowd
	Agent                // software, counted apart from people
	Guest                // the human at the keyboard logs in as this one
)

// Person is an account.
type Person struct {
	Login  string // localpart
	Name   string // display name
	Role   Role
	Wakes  float64  // hour of the city's day at which a resident wakes, 0 to 24
	Haunts []string // slugs of the rooms this person goes to, dearest first
}

// The plan of the city. Waking hours go around the clock, as in a city whose
// people live in many time zones: some are always up, and which ones changes.
var city = Plan{
	Daemon: "presence_daemon",
	Rooms: []Room{
		{"observatory", "Observatory", "Clear nights, open dome. Bring your own questions.", "north", "science", "telescope", "#5b7cfa", 0, 0, 2, 1, "aiko", ""},
		{"library", "Library", "Quiet reading, loud opinions about books.", "north", "social", "book", "#8a6fe8", 2, 0, 2, 1, "lea", ""},
		{"greenhouse", "Greenhouse", "Solar roofs, batteries and tomatoes.", "north", "energy", "leaf", "#3fae6a", 4, 0, 2, 1, "ingrid", ""},
		{"music-hall", "Music Hall", "Rehearsals, records and the Thursday jam.", "west", "social", "music", "#e0679a", 0, 1, 2, 1, "mateus", ""},
		{"general", "Central Square", "Where everybody passes through. Say hello.", "central", "public", "home", "#f2a03d", 2, 1, 2, 1, "olena", ""},
		{"makers", "Makers' Yard", "Benches, printers, solder smoke.", "east", "builders", "wrench", "#d9793d", 4, 1, 2, 1, "jonas", ""},
		{"guild", "Founders' Guild", "The DAARION guild: plans before they are announced.", "west", "district", "shield", "#b08d57", 0, 2, 1, 1, "olena", "daarion"},
		{"gallery", "Gallery", "New works every week, honest words about them.", "west", "social", "image", "#c65bcf", 1, 2, 1, 1, "nadia", ""},
		{"city-hall", "City Hall", "Proposals, votes and who fixes the street lamps.", "central", "public", "landmark", "#4f8fc0", 2, 2, 1, 1, "samuel", ""},
		{"lounge", "Night Café", "Coffee until late, tea until later.", "central", "social", "coffee", "#a9714b", 3, 2, 1, 1, "marta", ""},
		{"harbour", "Harbour", "Ships in, parcels out, gossip both ways.", "east", "public", "anchor", "#3c9bb5", 4, 2, 2, 1, "yusuf", ""},
		{"market", "Market", "Swap, sell, haggle.", "south", "public", "cart", "#dfb23a", 0, 3, 2, 1, "priya", ""},
		{"garden", "Botanical Garden", "Slow talk on long benches.", "south", "social", "flower", "#67b35a", 2, 3, 2, 1, "hana", ""},
		{"arcade", "Arcade", "High scores and rematches.", "south", "social", "gamepad", "#7d5fff", 4, 3, 2, 1, "kofi", ""},
	},
	People: []Person{
		{"olena", "Olena Kovalenko", Resident, 6, []string{"general", "guild", "city-hall", "lounge", "library"}},
		{"marta", "Marta Lis", Resident, 9, []string{"lounge", "general", "gallery", "music-hall"}},
		{"samuel", "Samuel Okafor", Resident, 7, []string{"city-hall", "general", "guild", "harbour", "market"}},
		{"aiko", "Aiko Tanaka", Resident, 22, []string{"observatory", "library", "arcade", "general"}},
		{"ingrid", "Ingrid Solberg", Resident, 5, []string{"greenhouse", "garden", "makers", "general"}},
		{"jonas", "Jonas Weber", Resident, 8, []string{"makers", "greenhouse", "lounge", "general"}},
		{"yusuf", "Yusuf Demir", Resident, 4, []string{"harbour", "market", "general", "lounge"}},
		{"priya", "Priya Raman", Resident, 1, []string{"market", "garden", "general", "gallery"}},
		{"lea", "Léa Fontaine", Resident, 10, []string{"library", "gallery", "lounge", "music-hall"}},
		{"mateus", "Mateus Rocha", Resident, 13, []string{"music-hall", "arcade", "general", "lounge"}},
		{"nadia", "Nadia Haddad", Resident, 8, []string{"gallery", "library", "garden", "general"}},
		{"hana", "Hana Novák", Resident, 7, []string{"garden", "greenhouse", "library", "general"}},
		{"kofi", "Kofi Mensah", Resident, 11, []string{"arcade", "music-hall", "general", "makers"}},
		{"tomas", "Tomás Herrera", Resident, 15, []string{"harbour", "makers", "guild", "general"}},
		{"mei", "Mei Lin", Resident, 23, []string{"market", "arcade", "general", "observatory"}},
		{"arjun", "Arjun Patel", Resident, 2, []string{"makers", "observatory", "city-hall", "general"}},
		{"zofia", "Zofia Nowak", Resident, 6, []string{"general", "library", "lounge", "garden"}},
		{"emre", "Emre Kaya", Resident, 3, []string{"greenhouse", "harbour", "general", "market"}},
		{"amara", "Amara Diallo", Resident, 9, []string{"gallery", "music-hall", "market", "general"}},
		{"lucas", "Lucas Martin", Resident, 17, []string{"arcade", "lounge", "general", "makers"}},
		{"sakura", "Sakura Ito", Resident, 21, []string{"garden", "gallery", "observatory", "general"}},
		{"dmytro", "Dmytro Bondar", Resident, 7, []string{"city-hall", "guild", "makers", "general"}},
		{"isla", "Isla MacLeod", Resident, 12, []string{"harbour", "lounge", "music-hall", "general"}},
		{"noor", "Noor Rahimi", Resident, 19, []string{"observatory", "library", "general", "lounge"}},

		{"agent_helios", "Helios", Agent, 0, []string{"greenhouse", "general"}},
		{"agent_scribe", "Scribe", Agent, 0, []string{"city-hall", "library", "general"}},

		{"alice", "Alice", Guest, 0, []string{"general", "lounge", "guild"}},
		{"bob", "Bob", Guest, 0, []string{"general", "lounge"}},
	},
}

// City returns the plan of the city that `make run` shows.
func City() Plan { return city }

// With returns the people of one role.
func (p Plan) With(role Role) []Person {
	var some []Person
	for _, who := range p.People {
		if who.Role == role {
			some = append(some, who)
		}
	}
	return some
}

// Homes returns the rooms a person never leaves. Residents stay where they are
// at home, in what they founded (a room without members cannot be joined again)
// and where coming back takes an invitation; everybody else stays everywhere.
func (p Plan) Homes(who Person) []Room {
	var homes []Room
	for i, slug := range who.Haunts {
		r := p.Room(slug)
		if who.Role != Resident || i == 0 || r.Founder == who.Login || r.MicroDAO != "" {
			homes = append(homes, r)
		}
	}
	return homes
}

// Room returns the room of a slug that the plan names.
func (p Plan) Room(slug string) Room {
	i := slices.IndexFunc(p.Rooms, func(r Room) bool { return r.Slug == slug })
	return p.Rooms[i]
}
