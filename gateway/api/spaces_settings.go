package api

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
	"presence/spaces/store"
)

// settingsBody is what the admins of a space chose.
type settingsBody struct {
	Settings     jsonObject `json:"settings" doc:"An object of the admins' own: theme, spawn_points, ..."`
	ChatEnabled  bool       `json:"chat_enabled"`
	VoiceEnabled bool       `json:"voice_enabled"`
	GuestsEnter  bool       `json:"guests_enter" doc:"People who proved no account may enter"`
	GuestsChat   bool       `json:"guests_chat" doc:"They may write"`
	MaxUsers     int        `json:"max_users" doc:"Seats; who comes when all are taken waits in line"`
}

func newSettings(s spaces.Settings) settingsBody {
	custom := jsonObject(s.Custom)
	if len(custom) == 0 {
		custom = jsonObject("{}")
	}
	return settingsBody{
		Settings: custom, ChatEnabled: s.ChatEnabled, VoiceEnabled: s.VoiceEnabled,
		GuestsEnter: s.GuestsEnter, GuestsChat: s.GuestsChat, MaxUsers: s.MaxUsers,
	}
}

type settingsOutput struct {
	Body settingsBody
}

type putSettingsInput struct {
	SpaceInput
	Body putSettingsBody
}

// putSettingsBody changes what is given and leaves the rest.
type putSettingsBody struct {
	Settings     *json.RawMessage `json:"settings,omitempty" doc:"A JSON object of at most 16 KB, in place of the former one"`
	ChatEnabled  *bool            `json:"chat_enabled,omitempty"`
	VoiceEnabled *bool            `json:"voice_enabled,omitempty"`
	GuestsEnter  *bool            `json:"guests_enter,omitempty"`
	GuestsChat   *bool            `json:"guests_chat,omitempty"`
	MaxUsers     *int             `json:"max_users,omitempty" minimum:"1" maximum:"5000"`
}

type subspacesOutput struct {
	Body subspacesBody
}

type subspacesBody struct {
	Subrooms []subspaceBody `json:"subrooms" nullable:"false" doc:"main first, then those with a title, then others with people in them, by name"`
	Node     string         `json:"node"`
}

type subspaceBody struct {
	Subspace    string `json:"subspace"`
	Title       string `json:"title"`
	ActiveUsers int    `json:"active_users"`
}

type addSubspaceInput struct {
	SpaceInput
	Body struct {
		Subspace string `json:"subspace" minLength:"1" maxLength:"64" doc:"a-z, A-Z, 0-9, . _ and -; old clients begin it with main-"`
		Title    string `json:"title,omitempty" maxLength:"120"`
	}
}

type doneOutput struct {
	Body doneBody
}

type doneBody struct {
	Success bool   `json:"success"`
	Node    string `json:"node"`
}

func (a *API) done(err error) (*doneOutput, error) {
	if err != nil {
		return nil, err
	}
	return &doneOutput{Body: doneBody{Success: true, Node: a.spaces.Node}}, nil
}

func (a *API) registerSettings(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "getSpaceSettings", Path: spacePath + "/settings", Tags: governTags,
		Summary:  "What the admins of a space chose",
		Security: openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, a.getSettings)
	register(a, h, huma.Operation{
		OperationID: "putSpaceSettings", Method: http.MethodPut, Path: spacePath + "/settings", Tags: governTags,
		Summary: "Change settings of a space", Description: "For its admins. What is left out stays.",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.putSettings)
	get(a, h, huma.Operation{
		OperationID: "listSubspaces", Path: spacePath + "/subspaces", Tags: spaceTags,
		Summary: "The rooms beside the main one", Description: "Rooms need not be made: any valid name may be entered. Those with a title or with people in them are listed.",
		Security: openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, a.listSubspaces, spacePath+"/subrooms")
	register(a, h, huma.Operation{
		OperationID: "addSubspace", Method: http.MethodPost, Path: spacePath + "/subspaces", Tags: governTags,
		Summary: "Give a room a title", Description: "For the space's admins.",
		Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.addSubspace)
}

func (a *API) getSettings(ctx context.Context, in *SpaceInput) (*settingsOutput, error) {
	s, err := a.checked(ctx, in, spaces.ActSee)
	if err != nil {
		return nil, err
	}
	return &settingsOutput{Body: newSettings(s.Space.Settings)}, nil
}

func (a *API) putSettings(ctx context.Context, in *putSettingsInput) (*settingsOutput, error) {
	key, err := in.key("")
	if err != nil {
		return nil, err
	}
	set, err := a.spaces.Access.Settings(ctx, askerOf(ctx).viewer, key, in.Body.apply)
	if err != nil {
		return nil, err
	}
	return &settingsOutput{Body: newSettings(set)}, nil
}

func (b *putSettingsBody) apply(s *spaces.Settings) {
	for _, flag := range []struct {
		given *bool
		field *bool
	}{
		{b.ChatEnabled, &s.ChatEnabled},
		{b.VoiceEnabled, &s.VoiceEnabled},
		{b.GuestsEnter, &s.GuestsEnter},
		{b.GuestsChat, &s.GuestsChat},
	} {
		if flag.given != nil {
			*flag.field = *flag.given
		}
	}
	if b.MaxUsers != nil {
		s.MaxUsers = *b.MaxUsers
	}
	if b.Settings != nil {
		s.Custom = *b.Settings
	}
}

func (a *API) listSubspaces(ctx context.Context, in *SpaceInput) (*subspacesOutput, error) {
	s, err := a.checked(ctx, in, spaces.ActRead)
	if err != nil {
		return nil, err
	}
	key := s.Space.Key.Parent()
	named, err := a.spaces.Rooms.Subspaces(ctx, key)
	if err != nil {
		return nil, err
	}
	crowds, err := a.spaces.Rooms.SubspaceCrowds(ctx, key, a.spaces.Now())
	if err != nil {
		return nil, err
	}
	return &subspacesOutput{Body: subspacesBody{Subrooms: newSubspaces(named, crowds), Node: a.spaces.Node}}, nil
}

func newSubspaces(named []store.Subspace, crowds map[string]int) []subspaceBody {
	rooms := []subspaceBody{{Subspace: spaces.MainSubspace, ActiveUsers: crowds[spaces.MainSubspace]}}
	listed := map[string]bool{spaces.MainSubspace: true}
	for _, n := range named {
		rooms = append(rooms, subspaceBody{n.Name, n.Title, crowds[n.Name]})
		listed[n.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(crowds)) {
		if !listed[name] {
			rooms = append(rooms, subspaceBody{Subspace: name, ActiveUsers: crowds[name]})
		}
	}
	return rooms
}

func (a *API) addSubspace(ctx context.Context, in *addSubspaceInput) (*doneOutput, error) {
	key, err := in.key(in.Body.Subspace)
	if err != nil {
		return nil, err
	}
	return a.done(a.spaces.Access.AddSubspace(ctx, askerOf(ctx).viewer, key, in.Body.Title))
}
