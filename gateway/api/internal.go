package api

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
)

type internalInput struct{}

type internalOutput struct {
	Body []spaces.Link `nullable:"false"`
}

func (a *API) registerInternal(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "listLinks", Path: "/internal/city/rooms", Tags: []string{"internal"},
		Summary:     "All rooms of the city with their Matrix rooms, for other services",
		Description: "What an aggregator pulls from CITY_SERVICE_INTERNAL_URL. Private rooms are in it.",
		Security:    keyNeeded, Middlewares: huma.Middlewares{a.service},
	}, a.listLinks)
}

func (a *API) listLinks(ctx context.Context, _ *internalInput) (*internalOutput, error) {
	links, err := a.links.Links(ctx)
	if err != nil {
		return nil, &spaces.Error{
			Code: spaces.CodeUnavailable, Message: "the links cannot be read at the moment", Fix: "Try again in a few seconds",
			Err: fmt.Errorf("read links: %w", err),
		}
	}
	if links == nil {
		links = []spaces.Link{}
	}
	return &internalOutput{Body: links}, nil
}
