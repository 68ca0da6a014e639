package auth

import (
	"net/http"
	"strings"
)

// proof is a Hive signature with what is needed to check it, as a client sent
// it.
type proof struct {
	account   string
	challenge string
	publicKey string // claimed; may be empty
	signature string

	at func(part string) string // the name of a part where the client put it
}

const (
	headerAccount   = "X-Account"
	headerChallenge = "X-Challenge"
	headerPublicKey = "X-Pubkey"
	headerSignature = "X-Signature"
)

// signatureIn finds the Hive signature of a request in either form of the old
// clients. Authorization decides when it is there, whatever it holds; Basic
// belongs to a proxy in front of us.
func signatureIn(h http.Header) (p proof, found bool) {
	scheme, rest, _ := strings.Cut(h.Get("Authorization"), " ")
	if scheme != "" && !strings.EqualFold(scheme, "Basic") {
		if !strings.EqualFold(scheme, "Bearer") {
			return proof{}, false
		}
		return signatureBearer(strings.TrimSpace(rest), h.Get(headerChallenge))
	}
	p = proof{
		account: h.Get(headerAccount), challenge: h.Get(headerChallenge),
		publicKey: h.Get(headerPublicKey), signature: h.Get(headerSignature),
		at: func(part string) string { return "header.X-" + strings.ToUpper(part[:1]) + part[1:] },
	}
	return p, p.account != "" || p.publicKey != "" || p.signature != ""
}

// Signed reports whether a request carries a Hive signature, good or bad: such a
// request may cost a question to a Hive node. A mere name is none.
func Signed(r *http.Request) bool {
	_, found := signatureIn(r.Header)
	return found && !named(r.Header)
}

// named reports whether an Authorization header holds no more than the name of
// an account: "Bearer :<account>".
func named(h http.Header) bool {
	scheme, rest, _ := strings.Cut(h.Get("Authorization"), " ")
	p, found := signatureBearer(strings.TrimSpace(rest), "")
	return found && p.signature == "" && strings.EqualFold(scheme, "Bearer")
}

// signatureBearer reads "<signature>:<account>", the form of the first server's
// page. No token holds a colon.
func signatureBearer(credential, challenge string) (p proof, found bool) {
	signature, account, found := strings.Cut(credential, ":")
	return proof{
		account: account, challenge: challenge, signature: signature,
		at: func(part string) string {
			if part == "challenge" {
				return "header." + headerChallenge
			}
			return fieldHeader
		},
	}, found
}
