package main

import (
	"context"
	"errors"
	"fmt"

	"presence/migrations"
	"presence/spaces/bus"
	"presence/spaces/store"
)

// say writes one message to the person at the terminal.
func (e *env) say(format string, args ...any) error {
	if _, err := fmt.Fprintf(e.out, format, args...); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// withStore opens the database, upgrades it, runs use and closes it.
func (e *env) withStore(ctx context.Context, use func(*store.Store) error) (err error) {
	db, err := migrations.Open(ctx, string(e.settings.Database), e.settings.Data, e.log)
	if err != nil {
		return blame("DATABASE_URL", e.settings.Database, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return use(store.New(db).LimitGuests(e.settings.GuestSeats))
}

func (e *env) openBus(ctx context.Context, cfg bus.Config) (*bus.Bus, error) {
	cfg.URL, cfg.Log = string(e.settings.NATS), e.log
	cfg.Dir = e.settings.natsDir()
	b, err := bus.Open(ctx, cfg)
	if err != nil {
		return nil, blame("NATS_URL", e.settings.NATS, err)
	}
	return b, nil
}

// blame names the variable at fault, unless it is empty: then the fault is in
// the data folder.
func blame(variable string, value address, err error) error {
	if value == "" {
		variable = "PRESENCE_DATA"
	}
	return fmt.Errorf("%s: %w", variable, err)
}
