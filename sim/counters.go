package sim

// Counters are totals of a Mixnet. Every departed packet has exactly one fate:
//
//	Departed = LostForward + LostReturn + Unanswered + Expired + Voided +
//	           Doubled + Forgotten + Replied + InFlight
type Counters struct {
	Departed uint64 // written to the gateway
	Failed   uint64 // composing failed, a send error was reported
	Decoys   uint64 // ticks of the egress clock with nothing to send
	Executed uint64 // requests that a service served, answered or not
	Dropped  uint64 // requests thrown away before they left: forgotten client, session resume, restart

	LostForward uint64 // lost on the way there: never executed
	LostReturn  uint64 // executed, lost on the way back
	Unanswered  uint64 // no such queue, dead node, no SURB, silent service or an answer too long
	Expired     uint64 // the reply came after the SURB's life
	Voided      uint64 // the reply came after a gateway reconnect or a daemon restart
	Doubled     uint64 // the SURB ID was in flight twice: neither is answered
	Forgotten   uint64 // the reply came for a client that is gone
	Replied     uint64 // delivered

	InFlight uint64 // departed, fate not known yet
	Queued   int    // waiting for a tick
}
