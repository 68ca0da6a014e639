package town

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"presence/deploy/dendrite"
)

// device is the name of the session that the city opens for everybody. Using
// one name over and over leaves people's own sessions alone and makes no heap
// of old ones.
const device = "CITY"

// Password is the password of an account, derived from the city's seed so that
// nothing but the seed has to be kept: 16 letters and digits, 80 bits.
func Password(seed, login string) string {
	mac := hmac.New(sha256.New, []byte(seed))
	mac.Write([]byte(login))
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:10]))
}

// enter opens a session for an account, which is made first when it is new.
func (b *builder) enter(ctx context.Context, login, name string) (*mautrix.Client, error) {
	password := Password(b.seed, login)
	_, err := b.server.Register(ctx, login, password)
	if err != nil && !errors.Is(err, dendrite.ErrNameTaken) {
		return nil, err
	}
	client, err := mautrix.NewClient(b.server.URL(), id.NewUserID(login, serverName), "")
	if err != nil {
		return nil, err
	}
	client.DefaultHTTPRetries = 3
	_, err = client.Login(ctx, &mautrix.ReqLogin{
		Type:             mautrix.AuthTypePassword,
		Identifier:       mautrix.UserIdentifier{Type: mautrix.IdentifierTypeUser, User: login},
		Password:         password,
		DeviceID:         device,
		StoreCredentials: true,
	})
	if errors.Is(err, mautrix.MForbidden) {
		return nil, fmt.Errorf("log in as %s: the account has another password than this city gave it; start afresh with: make wipe", login)
	}
	if err != nil {
		return nil, fmt.Errorf("log in as %s: %w", login, err)
	}
	return client, b.introduce(ctx, client, name)
}

// introduce sets the display name unless it is set: setting it again would
// send an event to every room.
func (b *builder) introduce(ctx context.Context, client *mautrix.Client, name string) error {
	was, err := client.GetOwnDisplayName(ctx)
	if err != nil && !errors.Is(err, mautrix.MNotFound) {
		return fmt.Errorf("read the name of %s: %w", client.UserID, err)
	}
	if was != nil && was.DisplayName == name {
		return nil
	}
	if err := client.SetDisplayName(ctx, name); err != nil {
		return fmt.Errorf("name %s: %w", client.UserID, err)
	}
	return nil
}
