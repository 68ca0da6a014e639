package main

import (
	"context"
	"fmt"
	"slices"
	"text/tabwriter"

	"presence/spaces"
	"presence/spaces/store"
)

// linkCmd edits the links in the store. A running aggregator picks a change up
// within about a second.
type linkCmd struct {
	Add    linkAddCmd    `cmd:"" help:"Link a Matrix room to a place in the city, or change its link."`
	List   linkListCmd   `cmd:"" help:"List the links."`
	Remove linkRemoveCmd `cmd:"" help:"Take a room out of the city. Nothing happens to the Matrix room."`
}

type linkAddCmd struct {
	Slug        string `arg:"" help:"Name in URLs and subjects: a-z, 0-9, - and _."`
	Room        string `arg:"" help:"Matrix room id (!id:server) or alias (#name:server)."`
	Name        string `help:"Name shown to people. Default: the slug."`
	Description string `help:"One or two sentences."`
	Zone        string `help:"Zone of the city. Default: central."`
	Type        string `help:"Kind of room: public, social, builders, ..."`
	Icon        string `help:"Icon name."`
	Color       string `help:"Colour, #rrggbb."`
	X           int    `help:"Column on the city map."`
	Y           int    `help:"Row on the city map."`
	W           int    `help:"Width in cells; 0 lets the map choose a place."`
	H           int    `help:"Height in cells."`
	MicroDAO    string `name:"microdao" help:"The microDAO the room belongs to; its members alone see the room, unless --public."`
	Private     bool   `xor:"seen" help:"Show the room only to members of its microDAO and to admins."`
	Public      bool   `xor:"seen" help:"Show the room to everybody although it belongs to a microDAO."`
}

// Run writes the link and says what happens next.
func (c *linkAddCmd) Run(ctx context.Context, e *env) error {
	link := spaces.Link{
		Slug: spaces.Slug(c.Slug), Name: c.Name, Description: c.Description, Zone: c.Zone,
		RoomType: c.Type, Icon: c.Icon, Color: c.Color,
		Map:    spaces.Rect{X: c.X, Y: c.Y, W: c.W, H: c.H},
		Public: c.Public || !c.Private && c.MicroDAO == "", MicroDAO: c.MicroDAO,
	}
	if len(c.Room) > 0 && c.Room[0] == '#' {
		link.Alias = c.Room
	} else {
		link.RoomID = c.Room
	}
	link, err := link.Normalize()
	if err != nil {
		return fmt.Errorf("link not added: %w", err)
	}
	return e.withStore(ctx, func(s *store.Store) error {
		if err := s.PutLink(ctx, store.OriginCLI, link); err != nil {
			return fmt.Errorf("link not added: %w", err)
		}
		if err := e.say("%s is linked to %s, seen by %s. A running aggregator joins the room and shows it within seconds.\nIf the room needs an invitation, invite the daemon's Matrix user. See it with: presence link list\n",
			link.Slug, c.Room, seenBy(link)); err != nil {
			return err
		}
		return e.sayShadows(ctx, s, link.Slug)
	})
}

// sayShadows tells which links of other origins wait behind a link.
func (e *env) sayShadows(ctx context.Context, s *store.Store, slug spaces.Slug) error {
	shadows, err := s.Shadows(ctx)
	if err != nil {
		return fmt.Errorf("read the links: %w", err)
	}
	for _, hidden := range shadows {
		if hidden.By != slug {
			continue
		}
		if err := e.say("It stands before %s of origin %s, which returns after: presence link remove %s\n", hidden.Slug, hidden.Origin, slug); err != nil {
			return err
		}
	}
	return nil
}

func seenBy(l spaces.Link) string {
	switch {
	case l.Public:
		return "everybody"
	case l.MicroDAO == "":
		return "admins only"
	default:
		return "members of " + l.MicroDAO
	}
}

type linkListCmd struct{}

// Run prints one link a line.
func (c *linkListCmd) Run(ctx context.Context, e *env) error {
	return e.withStore(ctx, func(s *store.Store) error {
		links, err := s.Links(ctx)
		if err != nil {
			return fmt.Errorf("read the links: %w", err)
		}
		if len(links) == 0 {
			return e.say("No room is linked yet. Link one with: presence link add general '#city_general:example.org'\n")
		}
		table := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "SLUG\tNAME\tZONE\tSEEN BY\tMATRIX ROOM\tALIAS")
		for _, l := range links {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Slug, l.Name, l.Zone, seenBy(l), orDash(l.RoomID), orDash(l.Alias))
		}
		return table.Flush()
	})
}

type linkRemoveCmd struct {
	Slug string `arg:"" help:"Slug of the link."`
}

// Run removes the link and says what happens next.
func (c *linkRemoveCmd) Run(ctx context.Context, e *env) error {
	return e.withStore(ctx, func(s *store.Store) error {
		if err := s.RemoveLink(ctx, spaces.Slug(c.Slug)); err != nil {
			return fmt.Errorf("link not removed: %w", err)
		}
		links, err := s.Links(ctx)
		if err != nil {
			return fmt.Errorf("read the links: %w", err)
		}
		if slices.ContainsFunc(links, func(l spaces.Link) bool { return l.Slug == spaces.Slug(c.Slug) }) {
			return e.say("The link made by a command is gone; that of another origin, which waited behind it, is back as %s. See it with: presence link list\n", c.Slug)
		}
		return e.say("%s is no longer in the city. See what is with: presence link list\n", c.Slug)
	})
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
