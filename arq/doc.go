// Package arq is the retransmission protocol of one message: when the first
// attempt may leave, how long a reply is worth waiting for, when the next
// attempt may follow, and when there is nothing left to hope for.
//
// It is pure. A [Machine] is told what happened, and when, by [Machine.Step],
// and returns what to do as a plain value. Time and randomness are arguments:
// nothing here reads a clock, waits, does input or output, or starts a
// goroutine, so that a machine behaves the same in production, in a
// simulation and in a test. Durations are rounded to whole nanoseconds where
// they are made, and everything is the same on every machine.
//
// # Promise
//
// A started message ends exactly once, with one [Outcome]. At every step
// before, [Effects.Wake] is the only timer that is needed, and no path leaves a
// message without one, unless it is for others to speak: an attempt is in a
// queue, the machine is held, or it was not started. The caller's part is to
// step Timeout at Wake, and to report what becomes of every attempt asked for.
//
// # States
//
//	Idle ──▶ Queued ──▶ InFlight ──▶ BackingOff ──▶ Queued ──▶ … ──▶ Done
//	   │        │           │             │            ▲
//	   └────────┴───────────┴──────▶ Paused ───────────┘
//
//	from        on                                   to
//	Idle        Start                                Queued: transmit
//	Queued      Sent                                 InFlight
//	Queued      SendFailed; permanent                BackingOff; Done: Rejected
//	Queued      Lost                                 BackingOff
//	InFlight    Lost, or departure + ETA + grace     BackingOff
//	BackingOff  departure + max(floor_k, …) + J      Queued: transmit
//	held        in place of Queued and BackingOff    Paused
//	Paused      Release                              BackingOff, or as Idle on Start
//	InFlight    no attempt left, all expired         Done: Exhausted
//	any         Reply; deadline; Cancel              Done: Answered; Expired; Canceled
//
// Idle has not been started. Queued has asked for an attempt that waits in a
// lane of this host or in the daemon: unsent is not lost, so that there is no
// timer but the deadline. InFlight waits for a reply until departure + ETA +
// grace; then loss is presumed. BackingOff waits until
//
//	departure + max(floor_k, ETA + grace) + J
//
// and asks for the next attempt. Paused is held. Done has ended. If no further
// attempt is allowed, InFlight lasts until the SURB of every attempt that may
// still be answered has expired, and ends the message as exhausted.
//
// # Rules
//
//  1. Sent or SendFailed of another attempt than the current one is only
//     recorded. A departure that becomes known late still holds back the
//     attempts asked for afterwards, so that the departures of one message are
//     never closer than the floor. The first word on whether an attempt has
//     left stands.
//  2. A reply to any attempt wins in every state but Done, also over a
//     deadline that has just passed: the SURB of an attempt stays good for as
//     long as the message lives.
//  3. After Done every step is empty.
//  4. Wake is never before the instant of the step.
//  5. Lost, said by the link, ends the waiting and not the floor: the next
//     attempt's turn is at the latest possible departure + floor_k, and not
//     before now, plus J.
//  6. Collected, the garbage collection of the daemon's own ARQ, is a hint. It
//     may come early, late, for answered messages or never; it is recorded,
//     and ends nothing.
//  7. A failed send never left the host. It does not count against the cap, and
//     is repeated after 1 s·1.5ⁿ, at most 30 s, plus J, with n failed sends
//     just before it, or once Release says that sending works again. It is
//     final only if its reason is permanent.
//  8. While held, nothing is transmitted; timers that run end in Paused. Release
//     draws J anew, so that messages held together do not leave together. A
//     message of which nothing can have left goes at once: it has nothing to
//     hide, and the pace is for whoever releases many.
//
// The floor keeps the departures of one message apart by 3 s or more, as
// Katzenpost's drafts on retransmission demand; J makes the instant of a
// retransmission unpredictable. [Interactive], [Balanced] and [Guarded] keep
// all four of the drafts' demands: a fresh path for each attempt, 3 s,
// unpredictable, bounded. [Fast] keeps the first and the last.
package arq
