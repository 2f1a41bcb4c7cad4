package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

// decode reads a line as an object, with its keys in order.
func decode(t *testing.T, line string) map[string]any {
	t.Helper()
	var object map[string]any
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return object
}

func keys(object map[string]any) string { return strings.Join(slices.Sorted(maps.Keys(object)), " ") }

func number(t *testing.T, object map[string]any, key string) float64 {
	t.Helper()
	n, ok := object[key].(json.Number)
	f, err := n.Float64()
	if !ok || err != nil {
		t.Fatalf("%s is %v, want a number", key, object[key])
	}
	return f
}

const (
	answeredKeys = "answered answered_attempt attempts eta_ms message residual_ms retransmission_ms total_ms type waiting_ms"
	failedKeys   = "answered attempts error may_have_executed message reason type"
	realKeys     = "delivered elapsed_ms failed interrupted late_answers latency_max_ms latency_p50_ms latency_p95_ms messages profile seed " +
		"sends sends_per_delivered service speed type virtual"
)

func TestJSONIsAnObjectPerMessageAndTheTotalsLast(t *testing.T) {
	code, stdout, stderr := call(t, ping20("--json", "--seed", "18446744073709551615")...)
	if code != exitAnswered || stderr != "" {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	all := lines(stdout)
	if len(all) != 21 {
		t.Fatalf("%d lines, want 21:\n%s", len(all), stdout)
	}
	numbers := make(map[float64]bool)
	attempts := 0.0
	for _, line := range all[:20] {
		m := decode(t, line)
		if keys(m) != answeredKeys || m["type"] != "message" || m["answered"] != true {
			t.Errorf("a message has the fields %q, want %q: %s", keys(m), answeredKeys, line)
		}
		sum := number(t, m, "waiting_ms") + number(t, m, "eta_ms") + number(t, m, "residual_ms") + number(t, m, "retransmission_ms")
		if total := number(t, m, "total_ms"); math.Abs(total-sum) > 0.01 || total <= 0 {
			t.Errorf("the parts are %v ms and the total is %v ms: %s", sum, total, line)
		}
		if answered := number(t, m, "answered_attempt"); answered < 1 || answered > number(t, m, "attempts") {
			t.Errorf("an attempt that was not made was answered: %s", line)
		}
		numbers[number(t, m, "message")] = true
		attempts += number(t, m, "attempts")
	}
	if len(numbers) != 20 || !numbers[1] || !numbers[20] {
		t.Errorf("the messages are numbered %v", numbers)
	}
	totals := decode(t, all[20])
	if want := sorted(realKeys + " departed dialect lost_forward lost_return"); keys(totals) != want {
		t.Errorf("the totals have the fields\n%q, want\n%q", keys(totals), want)
	}
	if totals["type"] != "totals" || number(t, totals, "delivered") != 20 || totals["virtual"] != true ||
		totals["seed"] != json.Number("18446744073709551615") || number(t, totals, "sends") < attempts {
		t.Errorf("%v attempts, totals %s", attempts, all[20])
	}
}

func sorted(words string) string {
	w := strings.Fields(words)
	slices.Sort(w)
	return strings.Join(w, " ")
}

func TestJSONSaysWhyAMessageWasNotAnswered(t *testing.T) {
	code, stdout, _ := call(t, "ping", "-c", "2", "--loss", "100%", "--deadline", "10s", "--speed", "50", "--json")
	all := lines(stdout)
	if code != exitUnanswered || len(all) != 3 {
		t.Fatalf("exit code %d:\n%s", code, stdout)
	}
	for _, line := range all[:2] {
		if m := decode(t, line); keys(m) != failedKeys || m["reason"] != "deadline" || m["answered"] != false {
			t.Errorf("%s", line)
		}
	}
	totals := decode(t, all[2])
	if number(t, totals, "failed") != 2 || totals["latency_p50_ms"] != nil || totals["sends_per_delivered"] != nil {
		t.Errorf("%s", all[2])
	}
}

func TestJSONEndsWithTheTotalsWhenInterrupted(t *testing.T) {
	ctx, stdout := interrupted(t, `"answered":true`)
	var stderr bytes.Buffer
	code := run(ctx, []string{"ping", "-c", "1000", "--speed", "50", "--json"}, stdout, &stderr)
	all := lines(stdout.String())
	totals := decode(t, all[len(all)-1])
	if code != exitInterrupted || totals["type"] != "totals" || totals["interrupted"] != true || stderr.Len() != 0 {
		t.Fatalf("exit code %d, stderr %q, the last line is %s", code, stderr.String(), all[len(all)-1])
	}
	reasons := 0
	for _, line := range all[:len(all)-1] {
		if m := decode(t, line); m["answered"] == false && m["reason"] == "interrupted" {
			reasons++
		}
	}
	if reasons == 0 || reasons != int(number(t, totals, "failed")) {
		t.Errorf("%d messages say that they were interrupted, the totals say %v", reasons, totals["failed"])
	}
}
