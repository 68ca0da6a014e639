package hub_test

import (
	"fmt"
	"testing"
	"time"

	"presence/gateway/hub"
)

// TestPuttingOutManyWhoDoNotRead: nobody's end waits for others who do not take
// their last word, be it that the rules changed or that a moderator said so.
func TestPuttingOutManyWhoDoNotRead(t *testing.T) {
	t.Parallel()
	const many = 60 // one after the other they would take longer than soon
	for name, putOut := range map[string]func(w *world, ids []string){
		"by the rules": func(w *world, ids []string) {
			w.rules.change(func(r *rules) {
				for _, id := range ids {
					r.banned["hive:"+id] = "enough"
				}
			})
		},
		"by a moderator": func(w *world, _ []string) {
			if err := w.hub.Expel(w.t.Context(), lobby, "hive:crowd", "enough"); err != nil {
				w.t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *hub.Config) { c.Review = time.Second })
			var ids []string
			var all []*client
			for i := range many {
				c := newClient(t, fmt.Sprint("silent-", i))
				a := w.arrival(c, lobby)
				if name == "by a moderator" {
					a.Viewer.Subject = "hive:crowd"
				}
				m, err := w.hub.Enter(t.Context(), a)
				ok(t, err)
				c.member = m
				c.text("joined")
				ids, all = append(ids, c.id), append(all, c)
			}
			for _, c := range all {
				c.set(func() { c.stuck = true })
			}
			deadline, said := time.After(soon), make(chan struct{})
			go func() {
				defer close(said)
				putOut(w, ids)
			}()
			for _, c := range all {
				select {
				case <-c.member.Gone():
				case <-deadline:
					t.Fatalf("%s is still inside", c.id)
				}
			}
			<-said
		})
	}
}
