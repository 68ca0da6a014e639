package api

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
	"presence/spaces/store"
)

type spacesInput struct {
	Type      string `query:"type" enum:"all,post,document,global,city,360,vrml,aframe,blog,art,game,lobby" default:"all" doc:"Only spaces of this type or kind"`
	SpaceType string `query:"space_type" enum:"all,post,document,global,city,360,vrml,aframe,blog,art,game,lobby" default:"all" doc:"The same, as some clients call it"`
	Search    string `query:"q" maxLength:"120" doc:"Only spaces whose title or author holds words that begin with each of these, in any script"`
	Sort      string `query:"sort" enum:"new,life,votes" default:"new" doc:"new: newest first; life: most people inside first; votes: most votes first"`
	NSFW      bool   `query:"nsfw" doc:"Also what is not safe for work"`
	Limit     int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor    string `query:"cursor" maxLength:"200" doc:"The cursor of the page before"`
	Offset    int    `query:"offset" minimum:"0" maximum:"10000" doc:"Leave out so many. For more, follow the cursor, which costs the same on every page"`
}

type spacesOutput struct {
	Body spacesBody
}

type spacesBody struct {
	Spaces []spaceItem `json:"spaces" nullable:"false"`
	Total  int         `json:"total" doc:"How many spaces this answer holds"`
	Cursor string      `json:"cursor" doc:"Where the next page begins; empty when there is none"`
	Node   string      `json:"node" doc:"The gateway that answered"`
}

// spaceItem has the first API's fields, and ours.
type spaceItem struct {
	SpaceType   string       `json:"space_type"`
	SpaceID     string       `json:"space_id"`
	DisplayName string       `json:"display_name"`
	Description string       `json:"description"`
	Type        spaces.Kind  `json:"type" doc:"The kind: 360, vrml, aframe, blog, art, game, document, lobby or city"`
	Votes       int64        `json:"votes"`
	Rating      int64        `json:"rating"`
	CreatedAt   *time.Time   `json:"created_at" doc:"null: nobody knows"`
	ActiveUsers int          `json:"active_users" doc:"Sessions inside, subspaces included"`
	Owner       string       `json:"owner" doc:"Account of the author or creator; empty when it is nobody's"`
	Creator     string       `json:"creator" doc:"The same"`
	NSFW        bool         `json:"nsfw"`
	Public      bool         `json:"is_public"`
	MaxUsers    int          `json:"max_users"`
	Capacity    capacityBody `json:"capacity"`
}

// capacityBody is how full a space is.
type capacityBody struct {
	Total        int `json:"total"`
	Used         int `json:"used"`
	Available    int `json:"available"`
	PremiumBonus int `json:"premiumBonus" doc:"Always 0: seats are not sold"`
}

func newCapacity(total, used int) capacityBody {
	return capacityBody{Total: total, Used: used, Available: max(0, total-used)}
}

func (a *API) registerSpaceList(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "listSpaces", Path: "/api/spaces", Tags: spaceTags,
		Summary: "Spaces that people enter together",
		Description: "Posts, documents, city rooms and the lobby, as the asker may know them. A search looks at up to 5,000 contents for each of its words: " +
			"it misses something only when every word fits more than that.",
		Security: openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, a.listSpaces, "/api/presence/spaces")
}

func (a *API) listSpaces(ctx context.Context, in *spacesInput) (*spacesOutput, error) {
	q := store.ListQuery{Search: in.Search, Sort: store.Sort(in.Sort), NSFW: in.NSFW, Limit: in.Limit + 1, Offset: in.Offset}
	in.narrow(&q)
	if in.Cursor != "" {
		mark, err := readCursor(in.Cursor, in.Sort)
		if err != nil {
			return nil, err
		}
		q.After = &mark
	}
	page, err := a.spaces.Access.List(ctx, askerOf(ctx).viewer, q)
	if err != nil {
		return nil, err
	}
	body := spacesBody{Spaces: []spaceItem{}, Node: a.spaces.Node}
	if len(page) > in.Limit {
		page = page[:in.Limit]
		body.Cursor = writeCursor(page[in.Limit-1].Mark, in.Sort)
	}
	for _, l := range page {
		body.Spaces = append(body.Spaces, newSpaceItem(l))
	}
	body.Total = len(body.Spaces)
	return &spacesOutput{Body: body}, nil
}

// narrow reads the filter, which names a type or a kind.
func (in *spacesInput) narrow(q *store.ListQuery) {
	filter := in.Type
	if filter == "all" {
		filter = in.SpaceType
	}
	switch filter {
	case "all":
	case "post", "document", "global", "city":
		q.Type = spaces.Type(filter)
	default:
		q.Kind = spaces.Kind(filter)
	}
}

func newSpaceItem(l store.Listed) spaceItem {
	s := l.Space
	return spaceItem{
		SpaceType: string(s.Key.Type), SpaceID: s.Key.ID, DisplayName: s.Title, Description: s.Description, Type: s.Kind,
		Votes: s.Votes, Rating: s.Rating, CreatedAt: someTime(s.CreatedAt), ActiveUsers: l.People,
		Owner: account(s.Owner), Creator: account(s.Owner), NSFW: s.NSFW, Public: s.Public,
		MaxUsers: s.Settings.MaxUsers, Capacity: newCapacity(s.Settings.MaxUsers, l.People),
	}
}

// writeCursor spells a mark. A cursor is no secret and no right: a made-up one
// begins the list somewhere else.
func writeCursor(m store.Mark, sort string) string {
	text := strings.Join([]string{
		sort, strconv.FormatInt(m.Score, 36), strconv.FormatInt(m.At.UnixMicro(), 36), strconv.Itoa(m.Arm), strconv.FormatInt(m.ID, 36),
	}, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// maxMicros is the end of the year 9999, the latest time that both engines
// keep.
const maxMicros = 253402300799_000000

func readCursor(cursor, sort string) (store.Mark, error) {
	fault := spaces.Invalid("query.cursor", "must be the cursor of another page of the same list")
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.Split(string(text), ".")
	if err != nil || len(parts) != 5 || parts[0] != sort {
		return store.Mark{}, fault
	}
	var numbers [4]int64
	for i := range numbers {
		base := 36
		if i == 2 {
			base = 10
		}
		if numbers[i], err = strconv.ParseInt(parts[i+1], base, 64); err != nil {
			return store.Mark{}, fault
		}
	}
	if numbers[1] < 0 || numbers[1] > maxMicros || numbers[2] < 0 || numbers[2] > 9 {
		return store.Mark{}, fault
	}
	return store.Mark{Score: numbers[0], At: time.UnixMicro(numbers[1]).UTC(), Arm: int(numbers[2]), ID: numbers[3]}, nil
}
