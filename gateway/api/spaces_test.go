package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"presence/gateway/api"
	"presence/gateway/turn"
	"presence/spaces"
	"presence/spaces/store"
)

func listed(body map[string]any) string {
	var ids []string
	for _, item := range body["spaces"].([]any) {
		ids = append(ids, item.(map[string]any)["space_id"].(string))
	}
	return strings.Join(ids, " ")
}

func TestSpaceList(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	w.enter("s1", "document:7", "hive:bob")
	for _, root := range []string{"/api/spaces", "/api/presence/spaces"} {
		for query, want := range map[string]string{
			"":                                 "lobby alice/moon 7 plaza",
			"?sort=life":                       "7 lobby alice/moon plaza",
			"?sort=votes":                      "lobby alice/moon 7 plaza",
			"?nsfw=true":                       "lobby alice/moon alice/naked 7 plaza",
			"?type=all&limit=20":               "lobby alice/moon 7 plaza",
			"?type=360":                        "alice/moon",
			"?type=document":                   "7",
			"?space_type=post":                 "alice/moon",
			"?q=mo":                            "alice/moon",
			"?limit=2&offset=1":                "alice/moon 7",
			"?include_events=true":             "lobby alice/moon 7 plaza", // the first page sends it
			"?q=" + strings.Repeat("%25", 100): "lobby alice/moon 7 plaza", // no word at all
		} {
			if got := listed(w.fetch(root + query)); got != want {
				t.Errorf("%s%s: %s, want %s", root, query, got, want)
			}
		}
	}
	if got := listed(w.fetch("/api/spaces", w.as("hive:carol")...)); got != "lobby alice/moon 7 8 plaza" {
		t.Errorf("somebody a document is shared with sees %s", got)
	}
	body := w.fetch("/api/spaces")
	keys(t, "the list", body, "spaces", "total", "node", "cursor")
	if body["total"] != 4.0 || body["node"] != "gw-1" {
		t.Errorf("total %v, node %v", body["total"], body["node"])
	}
	moon := body["spaces"].([]any)[1].(map[string]any)
	keys(t, "an item", moon, "space_type", "space_id", "display_name", "description", "type", "votes", "rating", "created_at", "active_users", "capacity")
	if moon["display_name"] != "The Moon" || moon["type"] != "360" || moon["votes"] != 5.0 || moon["creator"] != "alice" {
		t.Errorf("an item is %v", moon)
	}
	document := body["spaces"].([]any)[2].(map[string]any)
	if document["active_users"] != 1.0 || fmt.Sprint(document["capacity"]) != "map[available:49 premiumBonus:0 total:50 used:1]" {
		t.Errorf("people inside: %v", document)
	}
}

func TestSpaceListPages(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	for _, sort := range []string{"new", "votes", "life"} {
		var all []string
		for cursor := "start"; cursor != ""; {
			url := "/api/spaces?limit=1&sort=" + sort
			if cursor != "start" {
				url += "&cursor=" + cursor
			}
			body := w.fetch(url)
			all = append(all, listed(body))
			cursor = body["cursor"].(string)
		}
		if got := strings.Join(all, " "); got != "lobby alice/moon 7 plaza" {
			t.Errorf("%s in pages: %s", sort, got)
		}
	}
	cursor := w.fetch("/api/spaces?limit=1")["cursor"].(string)
	for name, url := range map[string]string{
		"limit=abc":             "/api/spaces?limit=abc", // the first server answered 500
		"no limit":              "/api/spaces?limit=0",
		"a huge limit":          "/api/spaces?limit=1000000",
		"a huge offset":         "/api/spaces?offset=1000000",
		"an unknown sort":       "/api/spaces?sort=best",
		"an unknown type":       "/api/spaces?type=community",
		"a made-up cursor":      "/api/spaces?cursor=zzz",
		"another list's cursor": "/api/spaces?sort=life&cursor=" + cursor,
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, w.do(http.MethodGet, url), http.StatusUnprocessableEntity, spaces.CodeInvalid)
		})
	}
}

// FuzzCursor: whatever comes as a cursor is refused or lists.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "bmV3LjAuMC4wLjA", "bmV3Li0xLjAuMC4w", "bmV3LnppazB6ai5jd2tmc3Zydms0LjEuMQ", "@"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		mark, err := api.ReadCursor(cursor, "new")
		if err != nil {
			if spaces.ErrorCode(err) != spaces.CodeInvalid {
				t.Fatal(err)
			}
			return
		}
		if again, err := api.ReadCursor(api.WriteCursor(mark, "new"), "new"); err != nil || again != mark {
			t.Fatalf("%+v comes back as %+v, %v", mark, again, err)
		}
	})
}

func TestSpaceDetail(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	w.enter("s1", "post:alice/moon", "hive:bob")
	w.enter("s2", "post:alice/moon:main-x", "guest:1")
	_, err := w.store.Touch(t.Context(), []store.Seen{{ID: "s1", Position: &spaces.Vec{X: 1, Y: 2, Z: 3}}}, w.clock())
	check(t, err)
	for _, path := range []string{"/api/spaces/post/alice%2Fmoon", "/api/presence/spaces/post/alice%2Fmoon"} {
		body := w.fetch(path)
		keys(t, "the answer", body, "space", "has_access", "node")
		space := body["space"].(map[string]any)
		keys(t, "the space", space, "author", "permlink", "type", "votes", "rating", "nsfw", "title", "content", "created_at", "updated_at",
			"space_type", "space_id", "active_users", "connected_users", "settings", "chat_enabled", "voice_enabled", "max_users")
		if space["author"] != "alice" || space["permlink"] != "moon" || space["active_users"] != 2.0 || space["max_users"] != 50.0 || body["has_access"] != true {
			t.Errorf("%s: %v", path, body)
		}
		users := space["connected_users"].([]any)
		keys(t, "a connected user", users[0], "socket_id", "user_account", "connected_at", "position", "voice_enabled")
		first, second := users[0].(map[string]any), users[1].(map[string]any)
		if first["user_account"] != "bob" || fmt.Sprint(first["position"]) != "map[x:1 y:2 z:3]" || second["user_account"] != nil || second["position"] != nil {
			t.Errorf("connected users: %v", users)
		}
		env := space["environment"].(map[string]any)
		if env["preset"] != "sky360" || env["sky"] != "https://images.example.org/first.jpg" || fmt.Sprint(env["links"]) != "[https://images.example.org/sky.jpg https://evil.example.net/track.png]" {
			t.Errorf("environment: %v", env)
		}
	}
	lobby := w.fetch("/api/spaces/global/lobby")["space"].(map[string]any)
	keys(t, "the lobby", lobby, "space_id", "title", "description", "type", "is_public")
	if plaza := w.fetch("/api/spaces/city/plaza")["space"].(map[string]any); plaza["zone"] != "central" || plaza["title"] != "Plaza" {
		t.Errorf("a city room: %v", plaza)
	}
	for _, id := range []string{"8", "bob%2Fplan"} {
		space := w.fetch("/api/spaces/document/"+id, w.as("hive:carol")...)["space"].(map[string]any)
		if space["space_id"] != "8" || space["id"] != 8.0 || space["permlink"] != "plan" || space["creator"] != "bob" {
			t.Errorf("a document by %s: %v", id, space)
		}
	}
}

// TestOwnPictures: a post may declare pictures of this host by their path, and
// no other path; who may not enter is told of none.
func TestOwnPictures(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	post := store.Post{
		Author: "alice", Permlink: "river", Kind: spaces.Kind360, Title: "River", CreatedAt: w.clock(), NSFW: true,
		Metadata: `{"image":["/assets/../city.svg","/api/x.svg","//evil.example/assets/x.svg","https://images.example.org/x.svg","/assets/river.svg","/assets/other.svg"]}`,
	}
	check(t, w.store.PutPosts(t.Context(), []store.Post{post}))
	environment := func(query string) map[string]any {
		return w.fetch("/api/spaces/post/alice%2Friver" + query)["space"].(map[string]any)["environment"].(map[string]any)
	}
	if env := environment("?nsfw=true"); env["sky"] != "/assets/river.svg" || fmt.Sprint(env["links"]) != "[/assets/other.svg https://images.example.org/x.svg]" {
		t.Errorf("inside: %v", env)
	}
	if env := environment(""); env["sky"] != "" || fmt.Sprint(env["links"]) != "[]" {
		t.Errorf("before consent: %v", env)
	}
}

// TestSpaceUnknown: what is not there and what is not to be known look alike.
func TestSpaceUnknown(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	var first string
	for _, path := range []string{
		"/api/spaces/post/alice%2Fnone", "/api/spaces/post/alice%2Fhidden", "/api/spaces/post/alice%2Fflagged", "/api/spaces/document/8",
		"/api/spaces/document/bob%2Fplan", "/api/spaces/document/9", "/api/spaces/city/council", "/api/spaces/city/none",
	} {
		for _, below := range []string{"", "/capacity", "/queue", "/settings", "/subspaces", "/roles", "/audit", "/bans"} {
			answer := w.do(http.MethodGet, path+below, w.as("hive:mallory")...)
			problem := refused(t, answer, http.StatusNotFound, spaces.CodeNotFound)
			if first == "" {
				first = problem.Detail
			}
			if problem.Detail != first || problem.Text != "Space not found or access denied" {
				t.Errorf("%s%s says %q", path, below, problem.Detail)
			}
		}
		refused(t, w.send(http.MethodPost, path+"/join", `{}`), http.StatusNotFound, spaces.CodeNotFound)
		refused(t, w.send(http.MethodPost, path+"/kick", `{"subject":"hive:bob"}`, w.as("hive:mallory")...), http.StatusNotFound, spaces.CodeNotFound)
		refused(t, w.send(http.MethodPost, path+"/bans", `{"socket_id":"s1"}`, w.as("hive:mallory")...), http.StatusNotFound, spaces.CodeNotFound)
	}
	for _, path := range []string{"/api/spaces/community/x", "/api/spaces/post/alice", "/api/spaces/document/x", "/api/spaces/global/hall", "/api/spaces/city/A"} {
		refused(t, w.do(http.MethodGet, path), http.StatusUnprocessableEntity, spaces.CodeInvalid)
	}
}

func TestNSFW(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	body := w.fetch("/api/spaces/post/alice%2Fnaked")
	if space := body["space"].(map[string]any); body["has_access"] != false || space["content"] != "" || body["reason"] == "" {
		t.Errorf("unasked: %v", body)
	}
	if body := w.fetch("/api/spaces/post/alice%2Fnaked?nsfw=true"); body["has_access"] != true || body["space"].(map[string]any)["content"] != "bare" {
		t.Errorf("asked for: %v", body)
	}
	refused(t, w.send(http.MethodPost, "/api/spaces/post/alice%2Fnaked/join", `{}`), http.StatusForbidden, spaces.CodeForbidden)
	w.answer(w.send(http.MethodPost, "/api/spaces/post/alice%2Fnaked/join", `{"nsfw":true}`), http.StatusOK)
}

func TestJoin(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	for _, path := range []string{"/api/spaces/post/alice%2Fmoon/join", "/api/presence/spaces/post/alice%2Fmoon/join"} {
		// The first server hung with any body, and took the Host header for its own address.
		answer := w.send(http.MethodPost, path, `{"subspace":"main-garden","user_account":"alice","challenge":"dlux_vr_1_a","unknown":1}`, "Host", "attacker.example.net")
		body := w.answer(answer, http.StatusOK)
		keys(t, "the answer", body, "success", "space", "subspace", "turn_credentials", "websocket_url", "node", "iceServers", "native_url", "token")
		if strings.Contains(answer.Body.String(), "attacker") {
			t.Errorf("the Host header came back: %s", answer.Body)
		}
		keys(t, "turn_credentials", body["turn_credentials"], "username", "password", "credential", "ttl", "uris")
		credentials := body["turn_credentials"].(map[string]any)
		if credentials["username"] != "1795255894:temp" || credentials["password"] != "9FtsFDO0YDCtged8Aoz0lZY+V7M=" || credentials["credential"] != credentials["password"] || credentials["ttl"] != 3600.0 {
			t.Errorf("credentials %v", credentials)
		}
		if body["success"] != true || body["subspace"] != "main-garden" || body["websocket_url"] != "/socket.io/" || body["native_url"] != "/ws/space" {
			t.Errorf("%v", body)
		}
		who := body["viewer"].(map[string]any) // the body's account is not believed
		if who["guest"] != true || !strings.HasPrefix(who["subject"].(string), "guest:") || body["role"] != "guest" {
			t.Errorf("an unproven account became %v", who)
		}
		v, _, err := w.auth.Viewer(t.Context(), body["token"].(string))
		check(t, err)
		garden, err := spaces.ParseKeyText("post:alice/moon:main-garden")
		check(t, err)
		if !v.Allows(spaces.ActEnter, garden) || !v.Allows(spaces.ActWrite, garden) || v.Allows(spaces.ActEnter, garden.Parent()) || v.Allows(spaces.ActSettings, garden) {
			t.Errorf("the token is good for %v", v.Scopes)
		}
	}
	w.answer(w.do(http.MethodPost, "/api/spaces/global/lobby/join"), http.StatusOK) // no body at all
	body := w.answer(w.send(http.MethodPost, "/api/spaces/document/bob%2Fplan/join", `{}`, w.as("hive:bob")...), http.StatusOK)
	if body["role"] != "admin" || body["space"].(map[string]any)["space_id"] != "8" {
		t.Errorf("the creator of a document: %v", body)
	}
}

func TestJoinRefuses(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	const moon = "/api/spaces/post/alice%2Fmoon/join"
	refused(t, w.send(http.MethodPost, moon, `{"user_account":"alice"}`, w.as("hive:bob")...), http.StatusForbidden, spaces.CodeForbidden)
	refused(t, w.send(http.MethodPost, moon, `{}`, "Authorization", "Bearer nonsense"), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	refused(t, w.send(http.MethodPost, moon, `{"challenge":"dlux_vr_1_a","user_account":"alice"}`, "Authorization", "Bearer "+strings.Repeat("1f", 65)+":alice"),
		http.StatusUnauthorized, spaces.CodeUnauthenticated)
	refused(t, w.send(http.MethodPost, moon, `{"challenge":"dlux_vr_1_a","user_account":"alice"}`, "Authorization", "Bearer :alice"), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	refused(t, w.send(http.MethodPost, moon, `{"subspace":"a b"}`), http.StatusUnprocessableEntity, spaces.CodeInvalid)
	refused(t, w.send(http.MethodPost, moon, `{"subspace":`), http.StatusBadRequest, spaces.CodeInvalid)
	refused(t, w.send(http.MethodPost, moon, `[]`), http.StatusUnprocessableEntity, spaces.CodeInvalid)
	lobby := w.answer(w.send(http.MethodPost, "/api/spaces/global/lobby/join", `{}`, "Authorization", "Bearer :alice"), http.StatusOK)
	if lobby["viewer"].(map[string]any)["guest"] != true {
		t.Errorf("a bare name in the lobby became %v", lobby["viewer"])
	}
}

func TestTurn(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	for _, path := range []string{"/api/turn-credentials", "/api/presence/turn-credentials"} {
		body := w.fetch(path)
		if body["username"] != "1795255894:temp" || body["password"] != "9FtsFDO0YDCtged8Aoz0lZY+V7M=" || len(body["uris"].([]any)) != 2 {
			t.Errorf("%s: %v", path, body)
		}
	}
	config := w.fetch("/api/webrtc/turn-config", w.as("hive:alice")...)
	keys(t, "the configuration", config, "iceServers", "iceTransportPolicy", "iceCandidatePoolSize")
	server := config["iceServers"].([]any)[0].(map[string]any)
	keys(t, "a server", server, "urls", "username", "credential")
	if server["username"] != "1795255894:alice" {
		t.Errorf("%v", config)
	}
	none, err := turn.New(turn.Config{Now: time.Now})
	check(t, err)
	w = newSquare(t, func(cfg *api.Config) { cfg.Spaces.Turn = none })
	if body := w.fetch("/api/webrtc/turn-config"); len(body["iceServers"].([]any)) != 0 {
		t.Errorf("without a TURN server: %v", body)
	}
	join := w.answer(w.send(http.MethodPost, "/api/spaces/global/lobby/join", `{}`), http.StatusOK)
	if len(join["iceServers"].([]any)) != 0 || len(join["turn_credentials"].(map[string]any)["uris"].([]any)) != 0 {
		t.Errorf("without a TURN server: %v", join)
	}
}

// TestNotServed: later works, and things that publish internals.
func TestNotServed(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	for _, path := range []string{
		"POST /api/webhooks/subscribe", "POST /api/spaces/global/lobby/audio/mode", "POST /api/microphones/1/request", "POST /api/payments/purchase",
		"GET /api/events", "GET /api/test-connections", "GET /test-turn", "POST /api/presence/viral/track", "PUT /api/presence/spaces/global/lobby/audio",
	} {
		method, path, _ := strings.Cut(path, " ")
		if answer := w.do(method, path, w.as("hive:alice")...); answer.Code != http.StatusNotFound {
			t.Errorf("%s %s is served: %d", method, path, answer.Code)
		}
	}
}
