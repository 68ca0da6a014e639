package spaces_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"presence/spaces"
)

func TestErrorCode(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("put: %w", &spaces.Error{Code: spaces.CodeConflict, Err: context.Canceled})
	for _, c := range []struct {
		err  error
		want spaces.Code
	}{
		{nil, ""},
		{errors.New("x"), spaces.CodeInternal},
		{wrapped, spaces.CodeConflict},
		{errors.Join(errors.New("x"), wrapped), spaces.CodeConflict},
	} {
		if got := spaces.ErrorCode(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
	if !errors.Is(wrapped, context.Canceled) {
		t.Error("the cause is lost")
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"slug: too long":            spaces.Invalid("slug", "too %s", "long"),
		"busy":                      &spaces.Error{Code: spaces.CodeUnavailable, Message: "busy"},
		"a: b: context canceled":    &spaces.Error{Field: "a", Message: "b", Err: context.Canceled},
		"no server: unexpected EOF": &spaces.Error{Message: "no server", Err: errors.New("unexpected EOF")},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
