package main

import (
	"context"
	"log"
	"log/slog"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/thin"
)

var daemon = thin.Config{Network: "tcp", Address: "localhost:64331"} // kpclientd's usual one

func main() {
	client, err := homing.Dial(context.Background(), homing.Config{Daemon: daemon, Logger: slog.Default()})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	reply, err := client.Call(context.Background(), "echo", []byte("hello"), homing.WithFraming(homing.Sized))
	if err != nil {
		log.Fatal(err) // why, and whether the service may have executed the request
	}
	log.Printf("%q in %.1f s, attempts: %d", reply.Payload, reply.Timeline.Total.Seconds(), len(reply.Attempts))
}
