package sim

import "errors"

var (
	// ErrConfig is wrapped by every complaint about a MixnetConfig, a
	// DaemonConfig or a knob turned to an impossible value. The text names the
	// field and the range it accepts.
	ErrConfig = errors.New("sim: impossible configuration")

	// ErrUnknownNode is returned when a service node is named that the network
	// does not have.
	ErrUnknownNode = errors.New("sim: no service node of that name")

	// ErrAddressInUse is returned when the daemon's address is served by a
	// living process. A dead unix socket is removed instead.
	ErrAddressInUse = errors.New("sim: address in use by a living process")

	// ErrClosed is returned by a Daemon after Close.
	ErrClosed = errors.New("sim: daemon closed")

	// ErrRunning is returned by Start while the daemon runs.
	ErrRunning = errors.New("sim: daemon is running")

	// ErrDown is returned by Dial while the daemon is killed or has crashed.
	// Restart or Start brings it back.
	ErrDown = errors.New("sim: daemon is down")
)
