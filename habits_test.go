package homing_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
	"unicode"
)

const longest = 400

func TestNoFileIsLongerThanOneSitting(t *testing.T) {
	for _, s := range tree(t) {
		if s.lines > longest && !ast.IsGenerated(s.file) {
			t.Errorf("%s has %d lines, more than %d: one noun per file", s.path, s.lines, longest)
		}
	}
}

// vague are words that name no noun of the field.
var vague = []string{"manager", "helper", "helpers", "util", "utils", "impl"}

// words splits an identifier or a file's name: "HTTPServerImpl" and "http_server_impl" are http, server, impl.
func words(name string) []string {
	var found []string
	runes, start := []rune(name), 0
	for i := 1; i <= len(runes); i++ {
		cut := i == len(runes) || !unicode.IsLetter(runes[i]) || !unicode.IsLetter(runes[i-1]) ||
			unicode.IsUpper(runes[i]) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if cut {
			found = append(found, strings.ToLower(string(runes[start:i])))
			start = i
		}
	}
	return found
}

func TestWordsOfAName(t *testing.T) {
	for name, want := range map[string]string{
		"LinkManager": "link manager", "utilHTTP": "util http", "HTTPImplOf": "http impl of", "impl_test.go": "impl _ test . go",
		"implement": "implement", "PKIDocument": "pki document", "x": "x", "": "",
	} {
		if got := strings.Join(words(name), " "); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

func isVague(name string) bool {
	return slices.ContainsFunc(words(name), func(word string) bool { return slices.Contains(vague, word) })
}

func TestNothingHasAVagueName(t *testing.T) {
	for _, s := range tree(t) {
		if isVague(s.path) || s.file.Name.Name == "common" {
			t.Errorf("%s: a file and its package are named after what is in them", s.path)
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			var names []*ast.Ident
			switch d := n.(type) {
			case *ast.TypeSpec:
				names = []*ast.Ident{d.Name}
			case *ast.FuncDecl:
				names = []*ast.Ident{d.Name}
			case *ast.ValueSpec:
				names = d.Names
			case *ast.Field:
				names = d.Names
			}
			for _, name := range names {
				if isVague(name.Name) {
					t.Errorf("%s: %s says nothing: name it after what it is", s.at(name), name.Name)
				}
			}
			return true
		})
	}
}

// starts returns where the file starts a goroutine, or "": a go statement, a WaitGroup's or an errgroup's Go, AfterFunc.
func starts(s source) (at string) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			at = s.at(n)
		case *ast.CallExpr:
			selector, ok := n.Fun.(*ast.SelectorExpr)
			if ok && (selector.Sel.Name == "Go" && len(n.Args) == 1 || selector.Sel.Name == "AfterFunc") {
				at = s.at(n)
			}
		}
		return at == ""
	})
	return at
}

// checksLeaks reports whether the file has a TestMain that calls goleak.VerifyTestMain.
func checksLeaks(s source) bool {
	found := false
	s.calls("go.uber.org/goleak", func(function, _ string) { found = found || function == "VerifyTestMain" })
	return found && slices.ContainsFunc(s.file.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		return ok && f.Name.Name == "TestMain"
	})
}

func TestEveryPackageThatStartsAGoroutineChecksThatNoneIsLeft(t *testing.T) {
	started, checked := make(map[string]string), make(map[string]bool)
	for _, s := range tree(t) {
		if s.test {
			checked[s.dir] = checked[s.dir] || checksLeaks(s)
		} else if at := starts(s); at != "" && started[s.dir] == "" {
			started[s.dir] = at
		}
	}
	for dir, at := range started {
		if !checked[dir] {
			t.Errorf("%s starts a goroutine, and no test of %s has goleak.VerifyTestMain", at, dir)
		}
	}
}

func TestNoTestIsSkipped(t *testing.T) {
	for _, s := range tree(t) {
		if !s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
					switch selector.Sel.Name {
					case "Skip", "Skipf", "SkipNow":
						t.Errorf("%s: a test that is skipped proves nothing", s.at(n))
					}
				}
			}
			return true
		})
	}
}

func TestNoTestSleepsOutsideVirtualTime(t *testing.T) {
	for _, s := range tree(t) {
		if _, virtual := s.imports()["testing/synctest"]; !s.test || virtual {
			continue
		}
		s.calls("time", func(function, at string) {
			if function == "Sleep" {
				t.Errorf("%s: a test that sleeps is slow and flaky: use testing/synctest or the simulator", at)
			}
		})
	}
}
