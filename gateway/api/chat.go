package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"presence/gateway/wire"
	"presence/spaces"
)

// Chat is what people write in spaces; chat.Service is one.
type Chat interface {
	Allowed(ctx context.Context, v spaces.Viewer, key spaces.Key, a spaces.Action, nsfw bool) error

	Send(ctx context.Context, v spaces.Viewer, key spaces.Key, d spaces.Draft) (spaces.Message, error)
	Edit(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64, content string) (spaces.Message, error)
	Delete(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64) (spaces.Message, error)
	React(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64, reaction string, on bool) (spaces.Message, error)

	History(ctx context.Context, v spaces.Viewer, key spaces.Key, q spaces.HistoryQuery) (spaces.History, error)
	Message(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64) (spaces.Message, error)
	Since(ctx context.Context, v spaces.Viewer, key spaces.Key, seq int64, limit int) (spaces.ChatSince, error)
	Export(ctx context.Context, v spaces.Viewer, key spaces.Key, w io.Writer) error

	Comment(ctx context.Context, v spaces.Viewer, document spaces.Key, d spaces.CommentDraft) (spaces.Message, error)
	EditComment(ctx context.Context, v spaces.Viewer, document spaces.Key, id int64, content string) (spaces.Message, error)
	DeleteComment(ctx context.Context, v spaces.Viewer, document spaces.Key, id int64) (spaces.Message, error)
	Comments(ctx context.Context, v spaces.Viewer, document spaces.Key, q spaces.HistoryQuery) (spaces.History, error)

	MarkRead(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64) (spaces.Subscription, error)
	Subscription(ctx context.Context, v spaces.Viewer, key spaces.Key) (spaces.Subscription, error)
	Subscribe(ctx context.Context, v spaces.Viewer, key spaces.Key, n spaces.Notify) (spaces.Subscription, error)
	Unsubscribe(ctx context.Context, v spaces.Viewer, key spaces.Key) error
	Unread(ctx context.Context, v spaces.Viewer) ([]spaces.Unread, error)
}

const (
	chatPath = "/api/chat/{space_type}/{space_id}"
	linePath = chatPath + "/messages/{message_id}"
)

var chatTags = []string{"chat"}

// ChatInput names the chat of a space. It is exported, as are the other types
// that are parts of others here, because huma leaves out what it cannot see.
type ChatInput struct {
	Type     string `path:"space_type" doc:"post, document, global or city"`
	ID       string `path:"space_id" doc:"author/permlink of a post (encoded or not), number or owner/permlink of a document, lobby, or the slug of a city room"`
	Subspace string `query:"subspace" doc:"main when left out"`
	NSFW     bool   `query:"nsfw" doc:"Needed where the content is not safe for work"`
}

// LineInput names a line of a chat.
type LineInput struct {
	ChatInput
	Line int64 `path:"message_id" minimum:"1"`
}

type messagesInput struct {
	ChatInput
	Limit  int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Offset int       `query:"offset" minimum:"0" maximum:"10000" doc:"Leave out so many of the newest; before goes further back, and stays right while people write"`
	Before int64     `query:"before" minimum:"1" doc:"Lines older than this one"`
	After  int64     `query:"after" minimum:"1" doc:"Lines newer than this one"`
	Around int64     `query:"around" minimum:"1" doc:"This line and its neighbours"`
	Parent int64     `query:"parent_id" minimum:"1" doc:"Only replies under this line"`
	Since  time.Time `query:"since" doc:"Only lines written since this time"`
}

type messagesOutput struct {
	Body MessagesBody
}

// MessagesBody is a page of lines.
type MessagesBody struct {
	Messages []wire.ChatRow `json:"messages" nullable:"false" doc:"Oldest first"`
	HasMore  bool           `json:"has_more" doc:"There are more in the direction that was asked for"`
	Node     string         `json:"node"`
}

type threadOutput struct {
	Body threadBody
}

type threadBody struct {
	Parent wire.ChatRow `json:"parent"`
	MessagesBody
}

type messageOutput struct {
	Body MessageBody
}

// MessageBody is one line.
type MessageBody struct {
	Message wire.ChatRow `json:"message"`
	Node    string       `json:"node"`
}

type eventsInput struct {
	ChatInput
	Since int64 `query:"since" minimum:"0" doc:"The seq of the last event that the client knows"`
	Limit int   `query:"limit" minimum:"1" maximum:"500" default:"200"`
}

type eventsOutput struct {
	Body struct {
		Events []eventBody `json:"events" nullable:"false" doc:"In order, without gaps"`
		Next   int64       `json:"next" doc:"The seq to ask with next time"`
		More   bool        `json:"more" doc:"Ask again at once"`
		Reset  bool        `json:"reset" doc:"The log no longer reaches back so far: read the messages anew and go on from next"`
		Node   string      `json:"node"`
	}
}

type eventBody struct {
	Seq     int64           `json:"seq"`
	Kind    spaces.ChatKind `json:"kind" enum:"new,edited,deleted,reaction"`
	Message wire.ChatRow    `json:"message" doc:"As it is after the event, or after a later edit or deletion"`
	By      string          `json:"by" doc:"Subject of who did it"`
	At      time.Time       `json:"at"`
}

func (a *API) registerChat(h huma.API) {
	a.registerChatReading(h)
	a.registerChatWriting(h)
	a.registerChatReaders(h)
}

func (a *API) registerChatReading(h huma.API) {
	anyone := huma.Middlewares{a.anyone}
	get(a, h, huma.Operation{
		OperationID: "listMessages", Path: chatPath + "/messages", Tags: chatTags,
		Summary:     "Lines of a space's chat",
		Description: "The newest ones unless a cursor is given. Deleted lines are left out unless they hold a thread.",
		Security:    openToAll, Middlewares: anyone,
	}, a.listMessages)
	get(a, h, huma.Operation{
		OperationID: "getThread", Path: linePath + "/thread", Tags: chatTags,
		Summary:  "A line and the replies under it",
		Security: openToAll, Middlewares: anyone,
	}, a.getThread)
	get(a, h, huma.Operation{
		OperationID: "listChatEvents", Path: chatPath + "/events", Tags: chatTags,
		Summary:     "What happened in a chat since an event",
		Description: "For clients that were away: nothing is missing and nothing comes twice.",
		Security:    openToAll, Middlewares: anyone,
	}, a.listChatEvents)
	get(a, h, huma.Operation{
		OperationID: "exportChat", Path: chatPath + "/export", Tags: chatTags,
		Summary:     "Every line of a chat that is kept, for the space's admins",
		Description: "JSON lines (application/x-ndjson), oldest first.",
		Security:    tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.exportChat)
}

// inChat reads the key and stands at the gate that the service takes for passed.
func (a *API) inChat(ctx context.Context, in *ChatInput, action spaces.Action) (v spaces.Viewer, key spaces.Key, err error) {
	v = askerOf(ctx).viewer
	if key, err = spaces.ParseKey(in.Type, in.ID, in.Subspace); err != nil {
		return v, key, err
	}
	return v, key, a.chat.Allowed(ctx, v, key, action, in.NSFW)
}

func (a *API) listMessages(ctx context.Context, in *messagesInput) (*messagesOutput, error) {
	v, key, err := a.inChat(ctx, &in.ChatInput, spaces.ActRead)
	if err != nil {
		return nil, err
	}
	page, err := a.chat.History(ctx, v, key, spaces.HistoryQuery{
		Before: in.Before, After: in.After, Around: in.Around, ParentID: in.Parent, Since: in.Since, Limit: in.Limit, Offset: in.Offset,
	})
	if err != nil {
		return nil, err
	}
	return &messagesOutput{Body: a.messages(page)}, nil
}

func (a *API) messages(page spaces.History) MessagesBody {
	body := MessagesBody{Messages: make([]wire.ChatRow, len(page.Messages)), HasMore: page.More, Node: a.spaces.Node}
	for i, m := range page.Messages {
		body.Messages[i] = wire.NewChatRow(m)
	}
	return body
}

type threadInput struct {
	LineInput
	Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Before int64 `query:"before" minimum:"1" doc:"Replies older than this one"`
}

func (a *API) getThread(ctx context.Context, in *threadInput) (*threadOutput, error) {
	v, key, err := a.inChat(ctx, &in.ChatInput, spaces.ActRead)
	if err != nil {
		return nil, err
	}
	parent, err := a.chat.Message(ctx, v, key, in.Line)
	if err != nil {
		return nil, err
	}
	page, err := a.chat.History(ctx, v, key, spaces.HistoryQuery{ParentID: in.Line, Before: in.Before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return &threadOutput{Body: threadBody{wire.NewChatRow(parent), a.messages(page)}}, nil
}

func (a *API) listChatEvents(ctx context.Context, in *eventsInput) (*eventsOutput, error) {
	v, key, err := a.inChat(ctx, &in.ChatInput, spaces.ActRead)
	if err != nil {
		return nil, err
	}
	since, err := a.chat.Since(ctx, v, key, in.Since, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &eventsOutput{}
	out.Body.Events = make([]eventBody, len(since.Events))
	for i, e := range since.Events {
		out.Body.Events[i] = eventBody{e.Seq, e.Kind, wire.NewChatRow(e.Message), e.By, jsonTime(e.At)}
	}
	out.Body.Next, out.Body.More, out.Body.Reset, out.Body.Node = since.Next, since.More, since.Reset, a.spaces.Node
	return out, nil
}

func (a *API) exportChat(ctx context.Context, in *ChatInput) (*huma.StreamResponse, error) {
	in.NSFW = true // an admin is not gated
	v, key, err := a.inChat(ctx, in, spaces.ActSettings)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/x-ndjson")
		hc.SetHeader("Content-Disposition", `attachment; filename="chat.jsonl"`)
		if err := a.chat.Export(ctx, v, key, patient(hc)); err != nil {
			a.log.WarnContext(ctx, "an export ended early", "error", err)
		}
	}}, nil
}

// readerTime is how long a client may take for one piece of an export, in place
// of a limit for the whole.
const readerTime = 30 * time.Second

// patient writes to the client and gives it more time with every piece.
func patient(hc huma.Context) io.Writer {
	_, w := humago.Unwrap(hc)
	control := http.NewResponseController(w)
	return writerFunc(func(p []byte) (int, error) {
		_ = control.SetWriteDeadline(time.Now().Add(readerTime)) // fails only without a network
		return hc.BodyWriter().Write(p)
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
