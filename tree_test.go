package homing_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/homing-mix/homing"

// source is one Go file of the repository, for the tests that hold the code to its own rules.
type source struct {
	path  string // from the root, with slashes
	dir   string // "." for the root
	test  bool
	lines int
	file  *ast.File
	set   *token.FileSet
}

// at says where a node is, as an editor understands it.
func (s source) at(n ast.Node) string {
	return s.path + ":" + strconv.Itoa(s.set.Position(n.Pos()).Line)
}

// imports are the paths that the file imports, with the name it calls each by.
func (s source) imports() map[string]string {
	names := make(map[string]string)
	for _, spec := range s.file.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(p)
		if name == "v2" || name == "v4" {
			name = path.Base(path.Dir(p))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[p] = name
	}
	return names
}

// calls visits every mention of a function of an imported package, as time.Now.
func (s source) calls(imported string, visit func(function string, at string)) {
	name, ok := s.imports()[imported]
	if !ok {
		return
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := selector.X.(*ast.Ident); ok && x.Name == name {
				visit(selector.Sel.Name, s.at(n))
			}
		}
		return true
	})
}

var readTree = sync.OnceValues(func() ([]source, error) {
	var sources []source
	err := fs.WalkDir(os.DirFS("."), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "testdata" || p != "." && strings.ContainsAny(name[:1], "._") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, p, text, parser.ParseComments)
		if err != nil {
			return err
		}
		sources = append(sources, source{
			path: p, dir: path.Dir(p), test: strings.HasSuffix(name, "_test.go"),
			lines: bytes.Count(text, []byte("\n")), file: file, set: set,
		})
		return nil
	})
	return sources, err
})

// tree returns the Go files of the repository.
func tree(t *testing.T) []source {
	t.Helper()
	sources, err := readTree()
	if err != nil {
		t.Fatal(err)
	}
	return sources
}
