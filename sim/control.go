package sim

import "time"

// SetLoss turns the loss of a whole round trip, in [0, 1], for what departs
// from now on. Errors wrap ErrConfig.
func (d *Daemon) SetLoss(p float64) error {
	d.mu.Lock()
	defer d.unlock()
	return d.mixnet.SetLoss(d.clock.Now(), p)
}

// SetWayLoss turns the loss of each way, in [0, 1]. Errors wrap ErrConfig.
func (d *Daemon) SetWayLoss(forward, back float64) error {
	d.mu.Lock()
	defer d.unlock()
	return d.mixnet.SetWayLoss(d.clock.Now(), forward, back)
}

// DropGateway cuts the daemon from its gateway for a virtual time.
func (d *Daemon) DropGateway(outage time.Duration) {
	d.mu.Lock()
	defer d.unlock()
	now := d.clock.Now()
	if !d.mixnet.Away() {
		d.trouble = d.newTrouble()
		if d.temper.bites(WedgeAfterGateway) {
			d.wedge(now)
		}
	}
	d.mixnet.DropGateway(now, outage)
}

// RestartMix restarts a mix: everything is lost for a virtual time, 1.5 epochs
// if it is not positive, while all looks healthy.
func (d *Daemon) RestartMix(lasts time.Duration) {
	d.mu.Lock()
	defer d.unlock()
	if d.temper.has(RestartedMix) {
		d.mixnet.RestartMix(d.clock.Now(), lasts)
	}
}

// SetFaults turns the faults of the events that clients read. Errors wrap
// ErrConfig.
func (d *Daemon) SetFaults(f Faults) error {
	d.mu.Lock()
	defer d.unlock()
	return d.mixnet.SetFaults(d.clock.Now(), f)
}

// HangUp breaks every connection without a word. Sessions stay for their grace.
func (d *Daemon) HangUp() {
	d.mu.Lock()
	defer d.unlock()
	for _, c := range append([]*conn(nil), d.conns...) {
		c.shut()
	}
}

// AdvanceEpoch makes the document of the next epoch appear now.
func (d *Daemon) AdvanceEpoch() {
	d.mu.Lock()
	defer d.unlock()
	d.mixnet.AdvanceEpoch(d.clock.Now())
}

// NewDocument sends the current document to every client once more, as daemons
// now and then do; where there is none yet, it makes the first appear.
func (d *Daemon) NewDocument() {
	d.mu.Lock()
	defer d.unlock()
	now := d.clock.Now()
	if d.encodedDocument() == nil {
		d.mixnet.AdvanceEpoch(now)
		return
	}
	for _, c := range append([]*conn(nil), d.conns...) {
		if c.session != nil && c.session.conn == c {
			d.bring(c.session)
		}
	}
}

// AddService adds or replaces a service; the next document lists a new one.
// Errors wrap ErrConfig.
func (d *Daemon) AddService(s Service) error {
	d.mu.Lock()
	defer d.unlock()
	return d.mixnet.AddService(d.clock.Now(), s)
}

// KillService makes a service node dead. Errors are ErrUnknownNode.
func (d *Daemon) KillService(node string) error {
	d.mu.Lock()
	defer d.unlock()
	return d.mixnet.KillService(d.clock.Now(), node)
}

// ReviveService ends what KillService began. Errors are ErrUnknownNode.
func (d *Daemon) ReviveService(node string) error {
	d.mu.Lock()
	defer d.unlock()
	return d.mixnet.ReviveService(d.clock.Now(), node)
}

// Instances returns the services that the current document lists.
func (d *Daemon) Instances() []Instance {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mixnet.Instances()
}
