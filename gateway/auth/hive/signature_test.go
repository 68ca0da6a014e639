package hive_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"go.uber.org/goleak"

	"presence/gateway/auth/hive"
	"presence/spaces"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The vectors were made with the library that Hive's wallets use.
const vectorKey = "STM7P5kjwt7zj7VwnqVph3K9h3N1PJzYHSGNSkQcKhRCq8duNjxsY"

var vectors = []struct{ challenge, signature string }{
	{"1700000000", "1f28fa77ac24d72fd6bc899222b096d6cef0495ffcff30f44177063f23d264764422a807a33cdf2024a9b4deedcf79e23a49ded3da6851016203d4e338e29bb27f"},
	{"dlux_vr_1700000000000_abc123def", "1f12057b598df97425065a5be2ed40cbff64d5689582160b476cc4b3abbc6dfafb755e91933f1147dda504a0dbd88c3b6f07443bc565b0af0d7a58655b8a149812"},
}

func TestRecoverVectors(t *testing.T) {
	t.Parallel()
	claimed, err := hive.ParseKey(vectorKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		key, err := hive.Recover(v.challenge, v.signature)
		if err != nil || key != claimed {
			t.Errorf("%s: got %s, %v", v.challenge, key, err)
		}
		if key, err := hive.Recover(v.challenge+"0", v.signature); err == nil && key == claimed {
			t.Errorf("the signature of %s fits another text", v.challenge)
		}
	}
}

// twin is the other signature that gives the same key: n-s in place of s, and
// the other parity.
func twin(t testing.TB, signature string) string {
	t.Helper()
	raw, err := hex.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	raw[0] = 31 + ((raw[0] - 31) ^ 1)
	s := new(big.Int).SetBytes(raw[33:])
	s.Sub(secp256k1.Params().N, s).FillBytes(raw[33:])
	return hex.EncodeToString(raw)
}

func TestRecoverRefuses(t *testing.T) {
	t.Parallel()
	good := vectors[0].signature
	high := twin(t, good)
	raw, err := hex.DecodeString(high)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(vectors[0].challenge))
	if _, _, err := ecdsa.RecoverCompact(raw, digest[:]); err != nil {
		t.Fatalf("the twin is no signature at all: %v", err) // it would be refused for another reason
	}
	order := hex.EncodeToString(secp256k1.Params().N.Bytes())
	for name, c := range map[string]struct{ signature, says string }{
		"high s":                {high, "lower of the two"},
		"s of the group order":  {good[:66] + order, "lower of the two"},
		"s of zero":             {good[:66] + strings.Repeat("0", 64), "not a signature"},
		"r of zero":             {good[:2] + strings.Repeat("0", 64) + good[66:], "not a signature"},
		"r over the order":      {good[:2] + strings.Repeat("f", 64) + good[66:], "not a signature"},
		"uncompressed header":   {"1b" + good[2:], "compressed key"},
		"header over the range": {"23" + good[2:], "compressed key"},
		"empty":                 {"", "130 hex digits"},
		"short":                 {good[:128], "130 hex digits"},
		"long":                  {good + "00", "130 hex digits"},
		"no hex":                {"zz" + good[2:], "130 hex digits"},
		"the other spelling":    {"SIG_K1_" + good, "130 hex digits"},
	} {
		key, err := hive.Recover(vectors[0].challenge, c.signature)
		wantFault(t, name, err, "signature", c.says)
		if key != "" {
			t.Errorf("%s: a refused signature gave key %s", name, key)
		}
	}
}

func TestParseKeyRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ key, says string }{
		"empty":          {"", "STM"},
		"other prefix":   {"TST" + vectorKey[3:], "STM"},
		"bad checksum":   {vectorKey[:len(vectorKey)-1] + "Z", "checksum"},
		"mistyped":       {strings.Replace(vectorKey, "kjwt", "kjwu", 1), ""}, // by the curve or the checksum
		"no base58":      {vectorKey[:10] + "0" + vectorKey[11:], "base58"},
		"short":          {vectorKey[:40], "37 bytes"},
		"long":           {vectorKey + "111111111111", "STM"},
		"leading zeros":  {"STM1" + vectorKey[3:], "37 bytes"},
		"with a newline": {vectorKey + "\n", "base58"},
	} {
		_, err := hive.ParseKey(c.key)
		wantFault(t, name, err, "pubkey", c.says)
	}
}

func wantFault(t *testing.T, name string, err error, field, says string) {
	t.Helper()
	fault, ok := errors.AsType[*spaces.Error](err)
	if !ok || fault.Code != spaces.CodeInvalid || fault.Field != field || !strings.Contains(fault.Message, says) {
		t.Errorf("%s: got %v, want %s: ...%s...", name, err, field, says)
	}
}

// FuzzRecover: no bytes crash the reader, what it accepts has the low s, and its
// key can be read back.
func FuzzRecover(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.challenge, v.signature)
		f.Add(v.challenge, twin(f, v.signature))
	}
	f.Add("", "")
	f.Add("x", "1f"+strings.Repeat("0", 128))
	f.Fuzz(func(t *testing.T, text, signature string) {
		key, err := hive.Recover(text, signature)
		if err != nil {
			return
		}
		if again, err := hive.ParseKey(string(key)); err != nil || again != key {
			t.Fatalf("%q gave key %q, which cannot be read: %v", signature, key, err)
		}
		if other, err := hive.Recover(text, twin(t, signature)); err == nil {
			t.Fatalf("%q and its twin are both accepted, for %q and %q", signature, key, other)
		}
	})
}

// FuzzParseKey: a key has one spelling.
func FuzzParseKey(f *testing.F) {
	f.Add(vectorKey)
	f.Add("STM")
	f.Add("STM" + strings.Repeat("1", 60))
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := hive.ParseKey(text); err == nil && string(key) != text {
			t.Fatalf("%q was read as %q", text, key)
		}
	})
}
