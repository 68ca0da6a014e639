package access

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"presence/spaces"
	"presence/spaces/store"
)

// Settings changes the settings of a content by edit, which gets those in the
// store: the ones remembered here may lack what another gateway changed a moment
// ago. Each act below is checked, written with its audit row in one transaction,
// and in force here at once.
func (a *Access) Settings(ctx context.Context, v spaces.Viewer, key spaces.Key, edit func(*spaces.Settings)) (spaces.Settings, error) {
	s, err := a.Check(ctx, v, key, spaces.ActSettings, true)
	if err != nil {
		return spaces.Settings{}, err
	}
	var set spaces.Settings
	row := store.AuditRow{Action: "settings", Details: map[string]string{}}
	err = a.act(ctx, s, row, func(ctx context.Context, key spaces.Key) error {
		if set, err = a.store.Settings(ctx, key); err != nil {
			return err
		}
		edit(&set)
		maps.Copy(row.Details, settingsDetails(set))
		return a.store.PutSettings(ctx, key, set, v.Subject, s.Now)
	})
	return set, err
}

func settingsDetails(set spaces.Settings) map[string]string {
	return map[string]string{
		"chat_enabled": strconv.FormatBool(set.ChatEnabled), "voice_enabled": strconv.FormatBool(set.VoiceEnabled),
		"guests_enter": strconv.FormatBool(set.GuestsEnter), "guests_chat": strconv.FormatBool(set.GuestsChat),
		"max_users": strconv.Itoa(set.MaxUsers),
	}
}

// AddSubspace gives a subspace a title; people may enter it without.
func (a *Access) AddSubspace(ctx context.Context, v spaces.Viewer, key spaces.Key, title string) error {
	s, err := a.Check(ctx, v, key, spaces.ActSettings, true)
	if err != nil {
		return err
	}
	row := store.AuditRow{Action: "subspace", Target: key.Subspace}
	return a.act(ctx, s, row, func(ctx context.Context, parent spaces.Key) error {
		parent.Subspace = key.Subspace
		return a.store.AddSubspace(ctx, parent, title, v.Subject, s.Now)
	})
}

// Grant gives a role until the given time; zero is for good.
func (a *Access) Grant(ctx context.Context, v spaces.Viewer, key spaces.Key, subject string, role spaces.Role, until time.Time) error {
	s, err := a.Check(ctx, v, key, spaces.ActGrant, true)
	if err != nil {
		return err
	}
	if !until.IsZero() && !until.After(s.Now) {
		return spaces.Invalid("expires_at", "must be in the future")
	}
	row := store.AuditRow{Action: "grant", Target: subject, Details: map[string]string{"role": string(role), "expires_at": when(until)}}
	return a.act(ctx, s, row, func(ctx context.Context, key spaces.Key) error {
		return a.store.PutGrant(ctx, store.Grant{Key: key, Subject: subject, Role: role, GrantedBy: v.Subject, CreatedAt: s.Now, ExpiresAt: until})
	})
}

// Revoke takes a granted role back.
func (a *Access) Revoke(ctx context.Context, v spaces.Viewer, key spaces.Key, subject string) error {
	if err := checkWords(subject, ""); err != nil {
		return err
	}
	s, err := a.Check(ctx, v, key, spaces.ActGrant, true)
	if err != nil {
		return err
	}
	return a.act(ctx, s, store.AuditRow{Action: "revoke", Target: subject}, func(ctx context.Context, key spaces.Key) error {
		return a.store.RemoveGrant(ctx, key, subject)
	})
}

// Kick ends the sessions of a subject, who may come back.
func (a *Access) Kick(ctx context.Context, v spaces.Viewer, key spaces.Key, subject, reason string) error {
	if err := checkWords(subject, reason); err != nil {
		return err
	}
	s, err := a.checkOver(ctx, v, key, subject)
	if err != nil {
		return err
	}
	row := store.AuditRow{Action: "kick", Target: subject, Details: map[string]string{"reason": reason}}
	if err := a.act(ctx, s, row, func(context.Context, spaces.Key) error { return nil }); err != nil {
		return err
	}
	return a.kicker.Kick(ctx, s.Space.Key.Parent(), subject, reason)
}

// Ban keeps a subject out until the given time, zero is for good, and ends
// their sessions. With a guest, who could come back as another one at once, all
// guests are kept out until newcomers who come from the same network after the
// ban; people with an account and guests who came before never are. It is zero
// when the subject is no guest, or none of whom the network is known.
func (a *Access) Ban(ctx context.Context, v spaces.Viewer, key spaces.Key, subject, reason string, until time.Time) (newcomers time.Time, err error) {
	if err := checkWords(subject, reason); err != nil {
		return time.Time{}, err
	}
	s, err := a.checkOver(ctx, v, key, subject)
	if err != nil {
		return time.Time{}, err
	}
	if !until.IsZero() && !until.After(s.Now) {
		return time.Time{}, spaces.Invalid("until", "must be in the future")
	}
	ban := store.Ban{Subject: subject, Reason: reason, BannedBy: v.Subject, CreatedAt: s.Now, ExpiresAt: until}
	row := store.AuditRow{Action: "ban", Target: subject, Details: map[string]string{"reason": reason, "until": when(until)}}
	err = a.act(ctx, s, row, func(ctx context.Context, key spaces.Key) error {
		ban.Key = key
		if err := a.store.PutBan(ctx, ban); err != nil {
			return err
		}
		newcomers, err = a.store.BanNetwork(ctx, ban)
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	return newcomers, a.kicker.Kick(ctx, s.Space.Key.Parent(), subject, reason)
}

// Unban ends a ban.
func (a *Access) Unban(ctx context.Context, v spaces.Viewer, key spaces.Key, subject string) error {
	if err := checkWords(subject, ""); err != nil {
		return err
	}
	s, err := a.Check(ctx, v, key, spaces.ActModerate, true)
	if err != nil {
		return err
	}
	return a.act(ctx, s, store.AuditRow{Action: "unban", Target: subject}, func(ctx context.Context, key spaces.Key) error {
		return a.store.RemoveBan(ctx, key, subject)
	})
}

// maxReason is what a close or a sentence on a page has room for, in characters.
const maxReason = 200

// checkWords refuses what no subject is, and a reason that is not one line of
// text: the person concerned reads it, and PostgreSQL keeps no NUL.
func checkWords(subject, reason string) error {
	if subject == "" || strings.ContainsFunc(subject, unicode.IsControl) {
		return spaces.Invalid("subject", "must be on one line, for example hive:alice or guest:abc")
	}
	if utf8.RuneCountInString(reason) > maxReason || strings.ContainsFunc(reason, unicode.IsControl) {
		return spaces.Invalid("reason", "must be one line of at most %d characters", maxReason)
	}
	return nil
}

// checkOver asks for the right to moderate, and over whom: somebody of the same
// rank or a higher one is out of reach.
func (a *Access) checkOver(ctx context.Context, v spaces.Viewer, key spaces.Key, subject string) (spaces.Standing, error) {
	s, err := a.Check(ctx, v, key, spaces.ActModerate, true)
	if err != nil {
		return s, err
	}
	if subject == v.Subject {
		return s, spaces.Invalid("subject", "is yourself")
	}
	other := spaces.Standing{Viewer: spaces.Viewer{Subject: subject}, Space: s.Space, Now: s.Now}
	if err := a.place(ctx, &other); err != nil {
		return s, err
	}
	if a.admin != nil && a.admin(subject) {
		other.Role = spaces.SpaceAdmin
	}
	if rank := other.Rank(); rank.AtLeast(spaces.SpaceModerator) && rank.AtLeast(s.Rank()) {
		return s, &spaces.Error{Code: spaces.CodeForbidden, Field: "subject", Message: "is " + string(rank) + " of this space, as you are or above you"}
	}
	return s, nil
}

func (a *Access) act(ctx context.Context, s spaces.Standing, row store.AuditRow, do func(ctx context.Context, key spaces.Key) error) error {
	row.Subject, row.Key = s.Viewer.Subject, s.Space.Key
	err := a.store.Tx(ctx, func(ctx context.Context) error {
		if err := do(ctx, s.Space.Key.Parent()); err != nil {
			return err
		}
		return a.Audit(ctx, row)
	})
	a.Forget(s.Space.Key)
	return err
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
