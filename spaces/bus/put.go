package bus

import (
	"context"
	"encoding/json"
	"fmt"

	"presence/spaces"
)

// PutRooms publishes rooms and renews their lifetime (RoomTTL). It returns when
// the stream has acknowledged all of them; on an error some may be stored, and
// publishing them again is harmless.
func (b *Bus) PutRooms(ctx context.Context, rooms []spaces.RoomPresence) error {
	entries := make([]entry, 0, len(rooms))
	for _, r := range rooms {
		if _, err := spaces.ParseSlug(string(r.Slug)); err != nil {
			return err
		}
		data, err := encodeRoom(r)
		if err != nil {
			return fmt.Errorf("encode room %s: %w", r.Slug, err)
		}
		entries = append(entries, entry{roomSubject(r.Slug), data, b.cfg.RoomTTL})
	}
	return b.pub.publish(ctx, entries...)
}

// DropRoom makes a room unknown at once: watchers hear RoomGone.
func (b *Bus) DropRoom(ctx context.Context, slug spaces.Slug) error {
	return b.drop(ctx, slug, roomSubject)
}

// PutLinks publishes links. They have no lifetime: a link is configuration and
// holds until it is dropped.
func (b *Bus) PutLinks(ctx context.Context, links []spaces.Link) error {
	entries := make([]entry, 0, len(links))
	for _, l := range links {
		if _, err := spaces.ParseSlug(string(l.Slug)); err != nil {
			return err
		}
		data, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("encode link %s: %w", l.Slug, err)
		}
		entries = append(entries, entry{linkSubject(l.Slug), data, 0})
	}
	return b.pub.publish(ctx, entries...)
}

// DropLink removes a link: watchers hear LinkGone.
func (b *Bus) DropLink(ctx context.Context, slug spaces.Slug) error {
	return b.drop(ctx, slug, linkSubject)
}

func (b *Bus) drop(ctx context.Context, slug spaces.Slug, subject func(spaces.Slug) string) error {
	if _, err := spaces.ParseSlug(string(slug)); err != nil {
		return err
	}
	return b.pub.publish(ctx, entry{subject: subject(slug)})
}

// PutCity publishes the totals and renews their lifetime (RoomTTL).
func (b *Bus) PutCity(ctx context.Context, c spaces.CityPresence) error {
	c.Type = typeCity
	if c.Zones == nil {
		c.Zones = []spaces.ZonePresence{}
	}
	data, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode the city: %w", err)
	}
	return b.pub.publish(ctx, entry{subjectCity, data, b.cfg.RoomTTL})
}

// PutStatus publishes the aggregator's heartbeat and renews its lifetime
// (StatusTTL). After a stream was lost, watchers hold their last picture until
// the first status that is not [spaces.SyncStarting]: a leader publishes its
// links and rooms before that one.
func (b *Bus) PutStatus(ctx context.Context, s spaces.Status) error {
	s.Type = typeStatus
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode the status: %w", err)
	}
	return b.pub.publish(ctx, entry{subjectStatus, data, b.cfg.StatusTTL})
}

// PutUsers publishes people and renews their lifetime (RoomTTL).
func (b *Bus) PutUsers(ctx context.Context, users []spaces.UserPresence) error {
	entries := make([]entry, 0, len(users))
	for _, u := range users {
		u.Type = typeUser
		data, err := json.Marshal(u)
		if err != nil {
			return fmt.Errorf("encode user %s: %w", u.UserID, err)
		}
		entries = append(entries, entry{userSubject(u.UserID), data, b.cfg.RoomTTL})
	}
	return b.pub.publish(ctx, entries...)
}

// DropUser removes a person's presence.
func (b *Bus) DropUser(ctx context.Context, userID string) error {
	return b.pub.publish(ctx, entry{subject: userSubject(userID)})
}
