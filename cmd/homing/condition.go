package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/homing-mix/homing/thin"
	"github.com/homing-mix/homing/thin/wire"
)

// condition is what can be the matter with a link, and what to do about it.
type condition struct {
	word   string // for programs
	says   string // what it is
	advise string // what to do
}

var (
	healthy = condition{word: "healthy", says: "healthy"}

	refused = condition{"refused", "nobody listens there",
		"Start kpclientd, or correct the address: kpclientd's own configuration says where it listens."}
	noSocket = condition{"no_socket", "there is no such socket",
		"Start kpclientd, or correct the path. Where kpclientd runs in a container, its socket has to be shared with this side."}
	forbidden = condition{"forbidden", "this user may not connect to the socket",
		"Run as a user who may, or change the socket's permissions."}
	unreachable = condition{"unreachable", "the address cannot be reached",
		"Check the host name and the network between here and there. kpclientd usually runs on the same host."}
	hungUp = condition{"hung_up", "the other side ends the connection",
		"kpclientd has restarted or crashed, or something else listens there. Look at its log; an application that sends what its version does not know kills an old kpclientd for all."}
	notDaemon = condition{"not_a_daemon", "what listens there is no kpclientd",
		"Correct the address: another program listens there, or a websocket is dialled as tcp or the other way round."}
	silent = condition{"silent_handshake", "it accepts the connection and says nothing",
		"If kpclientd has just started, wait: up to v0.0.71 it says nothing before it has a PKI document, later ones up to 30 s. " +
			"If it lasts, look at its log and at this host's clock and network; v0.0.55 hangs like this after it has lost its gateway: restart it. " +
			"It may also be no kpclientd at all."}
	noSession = condition{"no_session", "it greets, and does not answer the session token",
		"Restart kpclientd if it stays so."}
	blackHole = condition{"black_hole", "the session that was resumed is not served",
		"Nothing, if it was once: applications on Homing take a new session by themselves. An official client has to be restarted."}
	noGateway = condition{"no_gateway", "kpclientd is not connected to its gateway",
		"It dials again by itself, after 2 s to 2 min, and messages wait until then. If it lasts, check this host's network and kpclientd's log."}
	noDocument = condition{"no_document", "kpclientd has no PKI document",
		"If it has just started, wait for the next document, an epoch at most. If it lasts, check this host's clock, and that the directory authorities can be reached."}
	stale = condition{"stale_document", "no new PKI document has come for two epochs",
		"Restart kpclientd; if that does not help, check this host's clock and whether the directory authorities publish. With a network of other epochs than 20 minutes say so with --epoch."}
	wedged = condition{"wedged", "messages were outstanding and the daemon said nothing",
		"Restart kpclientd: it takes everything and sends nothing. Applications on Homing repeat by themselves what is lost."}
	shutdown = condition{"shutdown", "kpclientd is shutting down",
		"Start it again, if it does not come back by itself."}
	noLink = condition{"no_link", "there is no link",
		"Is kpclientd running, and does it listen there? Its log may say more."}
)

// conditions are told by the errors that tell them, the first that
// matches.
var conditions = []struct {
	err error
	is  condition
}{
	{thin.ErrNoGateway, noGateway}, {thin.ErrNoDocument, noDocument},
	{thin.ErrSilent, silent}, {thin.ErrNoSession, noSession}, {thin.ErrBlackHole, blackHole},
	{thin.ErrWedged, wedged}, {thin.ErrStaleDocument, stale}, {thin.ErrShutdown, shutdown},
	{wire.ErrFrameEmpty, notDaemon}, {wire.ErrFrameTooLarge, notDaemon},
	{syscall.ECONNREFUSED, refused}, {fs.ErrNotExist, noSocket}, {fs.ErrPermission, forbidden},
	{syscall.ENOTSOCK, notDaemon}, {syscall.EHOSTUNREACH, unreachable}, {syscall.ENETUNREACH, unreachable},
	{io.EOF, hungUp}, {io.ErrUnexpectedEOF, hungUp}, {syscall.ECONNRESET, hungUp}, {syscall.EPIPE, hungUp},
	{context.DeadlineExceeded, unreachable}, {os.ErrDeadlineExceeded, unreachable},
}

// diagnose returns the condition behind the reason of a link that is not up.
func diagnose(reason error) condition {
	var decode *wire.DecodeError
	var dns *net.DNSError
	switch {
	case errors.As(reason, &decode):
		return notDaemon
	case errors.As(reason, &dns):
		return unreachable
	}
	for _, c := range conditions {
		if errors.Is(reason, c.err) {
			return c.is
		}
	}
	if strings.Contains(reason.Error(), "WebSocket") { // the library has no error of its own for a wrong answer
		return notDaemon
	}
	return noLink
}
