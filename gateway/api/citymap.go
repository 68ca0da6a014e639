package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
)

// cellSize is the size of a map cell in CSS pixels, as the web application's
// table has it.
const cellSize = 100

// The smallest grid the web application draws well.
const (
	minGridWidth  = 6
	minGridHeight = 3
)

type mapOutput struct {
	Body mapBody
}

type mapBody struct {
	Config mapConfig `json:"config"`
	Rooms  []mapRoom `json:"rooms" nullable:"false"`
}

type mapConfig struct {
	Width      int     `json:"grid_width" doc:"Cells"`
	Height     int     `json:"grid_height" doc:"Cells"`
	CellSize   int     `json:"cell_size" doc:"CSS pixels"`
	Background *string `json:"background_url"`
}

type mapRoom struct {
	ID          string      `json:"id"`
	Slug        spaces.Slug `json:"slug"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	RoomType    string      `json:"room_type"`
	Zone        string      `json:"zone"`
	Icon        string      `json:"icon"`
	Color       string      `json:"color"`
	X           int         `json:"x"`
	Y           int         `json:"y"`
	W           int         `json:"w"`
	H           int         `json:"h"`
	RoomID      string      `json:"matrix_room_id"`
}

func (a *API) registerMap(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "getMap", Path: "/api/city/map", Tags: []string{"city"},
		Summary:     "The city map",
		Description: "Every room has a place and no two overlap.",
		Security:    openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, a.getMap, "/city/map")
}

func (a *API) getMap(ctx context.Context, _ *struct{}) (*mapOutput, error) {
	view, err := a.look(ctx)
	if err != nil {
		return nil, err
	}
	body := mapBody{
		Config: mapConfig{Width: minGridWidth, Height: minGridHeight, CellSize: cellSize},
		Rooms:  make([]mapRoom, 0, len(view.Rooms)),
	}
	for _, r := range view.Rooms {
		l, at := r.Link, r.Place
		body.Rooms = append(body.Rooms, mapRoom{
			ID: l.ID, Slug: l.Slug, Name: l.Name, Description: l.Description, RoomType: l.RoomType, Zone: l.Zone,
			Icon: l.Icon, Color: l.Color, X: at.X, Y: at.Y, W: at.W, H: at.H, RoomID: l.RoomID,
		})
		body.Config.Width = max(body.Config.Width, at.X+at.W)
		body.Config.Height = max(body.Config.Height, at.Y+at.H)
	}
	return &mapOutput{Body: body}, nil
}
