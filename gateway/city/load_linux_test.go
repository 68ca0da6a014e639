package city_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The benchmarks' clients are another process, so that the CPU and the memory
// of this one are the server's alone: the test binary started again with
// loadVariable set. It reads with epoll and allocates nothing per frame, so
// that the machine's other core is enough for it.
const loadVariable = "CITY_LOAD"

func init() {
	asClients = func() bool {
		arguments := os.Getenv(loadVariable)
		if arguments == "" {
			return false
		}
		if err := runLoad(arguments); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return true
	}
}

// load is what the client process reports when its standard input ends.
type load struct {
	Frames, Bytes int
	P50, P99      float64 // ms
}

// loadProcess is n connected clients in another process.
type loadProcess struct {
	tb    testing.TB
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Reader
}

func startLoad(tb testing.TB, url string, n int, frames int) *loadProcess {
	tb.Helper()
	p := &loadProcess{tb: tb, cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d", loadVariable, strings.TrimPrefix(url, "http://"), n, frames))
	p.cmd.Stderr = os.Stderr
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	if line, err := p.out.ReadString('\n'); line != "ready\n" {
		tb.Fatalf("the clients did not connect: %q, %v", line, err)
	}
	return p
}

func (p *loadProcess) finish() load {
	p.tb.Helper()
	_ = p.stdin.Close()
	var l load
	if err := json.NewDecoder(p.out).Decode(&l); err != nil {
		p.tb.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.tb.Fatal(err)
	}
	return l
}

// runLoad is the client process.
func runLoad(arguments string) error {
	var address string
	var n, want int
	if _, err := fmt.Sscanf(arguments, "%s %d %d", &address, &n, &want); err != nil {
		return err
	}
	tcp, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return err
	}
	epoll, err := syscall.EpollCreate1(0)
	if err != nil {
		return err
	}
	l := &loadClients{epoll: epoll, byFD: make([]*loadSocket, n+64)}
	for range n {
		if err := l.connect(tcp); err != nil {
			return err
		}
	}
	for l.frames < n*want {
		l.poll(-1)
	}
	fmt.Println("ready")
	l.frames, l.bytes, l.delays = 0, 0, l.delays[:0]

	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(done)
	}()
	for {
		select {
		case <-done:
			return json.NewEncoder(os.Stdout).Encode(l.report())
		default:
			l.poll(20)
		}
	}
}

type loadClients struct {
	epoll  int
	byFD   []*loadSocket
	events [256]syscall.EpollEvent
	buffer [256 << 10]byte
	frames int
	bytes  int
	delays []int32 // µs
}

// loadSocket parses one server's stream: the HTTP reply, then frames.
type loadSocket struct {
	upgraded bool
	header   [10]byte
	have     int
	payload  int // bytes of the frame under way still to come
}

func (l *loadClients) connect(to *net.TCPAddr) error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	sa := &syscall.SockaddrInet4{Port: to.Port}
	copy(sa.Addr[:], to.IP.To4())
	if err := syscall.Connect(fd, sa); err != nil {
		return err
	}
	const request = "GET /ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nAuthorization: Bearer guest\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	if _, err := syscall.Write(fd, []byte(request)); err != nil {
		return err
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return err
	}
	for fd >= len(l.byFD) {
		l.byFD = append(l.byFD, nil)
	}
	l.byFD[fd] = &loadSocket{}
	return syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
}

func (l *loadClients) poll(ms int) {
	n, _ := syscall.EpollWait(l.epoll, l.events[:], ms)
	for _, e := range l.events[:max(n, 0)] {
		n, err := syscall.Read(int(e.Fd), l.buffer[:])
		if n <= 0 {
			if err == syscall.EAGAIN {
				continue
			}
			panic(fmt.Sprint("the server ended a socket: ", n, err))
		}
		l.bytes += n
		l.parse(l.byFD[e.Fd], l.buffer[:n])
	}
}

func (l *loadClients) parse(s *loadSocket, b []byte) {
	if !s.upgraded {
		end := bytes.Index(b, []byte("\r\n\r\n"))
		if !bytes.HasPrefix(b, []byte("HTTP/1.1 101")) || end < 0 {
			panic("refused: " + string(b))
		}
		s.upgraded, b = true, b[end+4:]
	}
	for len(b) > 0 {
		if s.payload > 0 {
			n := min(s.payload, len(b))
			if n == s.payload {
				l.frames++
				l.time(b[:n])
			}
			s.payload -= n
			b = b[n:]
			continue
		}
		s.header[s.have] = b[0]
		s.have++
		b = b[1:]
		if size, ok := frameSize(s.header[:s.have]); ok {
			s.have, s.payload = 0, size
		}
	}
}

func frameSize(h []byte) (int, bool) {
	switch {
	case len(h) < 2:
		return 0, false
	case h[1] < 126:
		return int(h[1]), true
	case h[1] == 126:
		if len(h) < 4 {
			return 0, false
		}
		return int(h[2])<<8 | int(h[3]), true
	default:
		if len(h) < 10 {
			return 0, false
		}
		n := 0
		for _, b := range h[2:10] {
			n = n<<8 | int(b)
		}
		return n, true
	}
}

var asOf = []byte(`"as_of":`)

// time reads when a change was published from its as_of, which the benchmark
// fills with microseconds.
func (l *loadClients) time(payload []byte) {
	i := bytes.Index(payload, asOf)
	if i < 0 || len(payload) > 400 {
		return
	}
	var us int64
	for _, c := range payload[i+len(asOf):] {
		if c < '0' || c > '9' {
			break
		}
		us = us*10 + int64(c-'0')
	}
	l.delays = append(l.delays, int32(time.Now().UnixMicro()-us))
}

func (l *loadClients) report() load {
	r := load{Frames: l.frames, Bytes: l.bytes}
	if n := len(l.delays); n > 0 {
		slices.Sort(l.delays)
		r.P50, r.P99 = float64(l.delays[n/2])/1000, float64(l.delays[n*99/100])/1000
	}
	return r
}

// cpu returns the processor time this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident returns this process's resident memory in bytes.
func resident(tb testing.TB) int {
	tb.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		tb.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	if err != nil {
		tb.Fatal(err)
	}
	return pages * os.Getpagesize()
}
