package homing_test

import (
	"go/ast"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// section is the part of the README under a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(readme(t), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("the README has no section %s", heading)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

// rows are those of the tables in a text, without their heads.
func rows(text string) []string {
	var found []string
	body := false
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "|---"):
			body = true
		case !strings.HasPrefix(line, "|"):
			body = false
		case body:
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

var testName = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark|Example)[A-Z]\w*`)

func TestEveryTestThatTheReadmeNamesExists(t *testing.T) {
	exists := make(map[string]bool)
	for _, s := range tree(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test && f.Recv == nil {
				exists[f.Name.Name] = true
			}
		}
	}
	for _, name := range testName.FindAllString(readme(t), -1) {
		if !exists[name] {
			t.Errorf("the README names %s, which is no test", name)
		}
	}
}

func TestEveryGuaranteeNamesTheTestThatShowsIt(t *testing.T) {
	guarantees := rows(section(t, "Guarantees"))
	if len(guarantees) < 10 {
		t.Errorf("%d guarantees were found: is the table still one?", len(guarantees))
	}
	for _, row := range guarantees {
		if !testName.MatchString(row) {
			t.Errorf("no test shows this guarantee: %s", row)
		}
	}
}

func TestTheReadmesProgramIsTheExample(t *testing.T) {
	program, err := os.ReadFile("examples/echo/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(readme(t), "```go\n"+string(program)+"```\n") {
		t.Error("the README's Go block is not examples/echo/main.go: copy it")
	}
	if n := strings.Count(string(program), "\n"); n > 25 {
		t.Errorf("the README's program has %d lines, more than 25", n)
	}
}

func TestTheReadmeListsThePackages(t *testing.T) {
	listed := make(map[string]bool)
	for _, row := range rows(section(t, "How it works")) {
		name := regexp.MustCompile("^\\| \\[`([a-z/]+)`\\]").FindStringSubmatch(row)
		if name == nil {
			t.Errorf("a row names no package: %s", row)
			continue
		}
		listed[importPath(name[1])] = true
	}
	if found := packages(t); !maps.Equal(found, listed) {
		t.Errorf("the README lists\n%v, the packages are\n%v", slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(found)))
	}
}

func TestTheDocumentsLinkToWhatExists(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, document := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(found[1], "https://") {
				continue
			}
			if _, err := os.Stat(found[1]); err != nil {
				t.Errorf("%s links to %s: %v", document, found[1], err)
			}
		}
	}
}
