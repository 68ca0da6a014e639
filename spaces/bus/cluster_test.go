package bus_test

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"presence/spaces"
	"presence/spaces/bus"
)

// startCluster runs three NATS servers that replicate to each other.
func startCluster(t *testing.T) (urls string) {
	t.Helper()
	var routes []*url.URL
	for range 3 {
		routes = append(routes, &url.URL{Scheme: "nats", Host: freeAddress(t)})
	}
	var servers []*server.Server
	for i, own := range routes {
		port, err := strconv.Atoi(own.Port())
		must(t, err)
		srv, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("n%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT,
			JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
			Cluster: server.ClusterOpts{Name: "presence", Host: "127.0.0.1", Port: port},
			Routes:  routes,
		})
		must(t, err)
		srv.Start()
		t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
		servers = append(servers, srv)
	}
	for _, srv := range servers {
		if !srv.ReadyForConnections(patience) {
			t.Fatal("nats-server is not ready")
		}
		urls += "," + srv.ClientURL()
	}
	return urls[1:]
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// An operator replicates the stream. The server then refuses fenced messages
// that are under way together; the publisher must get them through all the
// same, and Open must leave the replicas alone.
func TestAReplicatedStream(t *testing.T) {
	t.Parallel()
	urls := startCluster(t)
	nc, err := nats.Connect(urls)
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	eventually(t, "the cluster elects a leader and the stream is made", func() error {
		_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{
			Name: "CITY_PRESENCE", Subjects: []string{"city.presence.room.*"}, Replicas: 3,
		})
		return err
	})
	b := open(t, bus.Config{URL: urls, LeaseTTL: 2 * time.Second})
	term := campaign(t, b).next(t)
	var rooms []spaces.RoomPresence
	want := map[spaces.Slug]int{}
	for i := range 50 {
		slug := spaces.Slug(fmt.Sprintf("room-%d", i))
		rooms, want[slug] = append(rooms, at(term.epoch, room(slug, i))), i
	}
	eventually(t, "publish", func() error { return b.PutRooms(t.Context(), rooms) })
	watch(t, b).untilRooms(t, want)
	s, err := js.Stream(t.Context(), "CITY_PRESENCE")
	must(t, err)
	if got := s.CachedInfo().Config.Replicas; got != 3 {
		t.Errorf("the stream has %d replicas, the operator wanted 3", got)
	}
}
