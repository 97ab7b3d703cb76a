package winnow_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows says which packages of this module each one may import; "..." stands
// for all. A package that is not named here may import none. Tests may import
// what they like.
var arrows = map[string][]string{
	"text":             {},
	"proto":            {},
	"archive":          {"text"},
	"rules":            {"text"},
	"extract":          {"text"},
	"rules/packs":      {"rules"},
	"rules/learn":      {"rules", "text"},
	"rules/model":      {"rules", "text"},
	"rules/siteconfig": {"rules", "text"},
	"clean":            {"extract", "rules", "rules/packs", "rules/model", "text"},
	"audit":            {"rules", "text"},
	"client":           {"proto", "archive", "text"}, // a caller never pulls in the engine
	"server":           {"clean", "extract", "rules", "rules/learn", "audit", "text", "proto"},
	"cmd/winnow":       {"..."},
	"examples":         {"..."},
	"internal/quality": {"text"},
	"internal/eval":    {"..."},
	// The trainer is a program of its own: it labels by internal/eval and runs the packs.
	"rules/model/train": {"..."},
	// It counts bytes of the shared articles.
	"rules/grams":          {"internal/quality", "text"},
	"extract/blocks/train": {"..."},
}

// foreign says which modules a layer may import from outside; what is not
// named may import anything but what another one has for itself.
var foreign = map[string][]string{
	// The ground: the standard library, Unicode, and the public suffix list.
	"text": {"golang.org/x/text/", "golang.org/x/net/publicsuffix", "golang.org/x/net/idna"},
}

// owned says who alone may import these: the domain packages know no gRPC, no
// protobuf, no SQL and no command line.
var owned = map[string][]string{
	"google.golang.org/":     {"server", "client", "proto", "cmd/winnow", "examples"},
	"go.opentelemetry.io/":   {"server", "cmd/winnow"},
	"github.com/prometheus/": {"server", "cmd/winnow"},
	"github.com/spf13/":      {"cmd/winnow"},
	"github.com/vbauerster/": {"cmd/winnow"},
	"modernc.org/sqlite":     {"audit"},
	"github.com/jackc/":      {"audit"},
	"database/sql":           {"audit"},
	"github.com/go-shiori/":  {"extract"},
	"codeberg.org/readeck/":  {"extract"},
}

// layer returns the name that a package goes by in the tables: its own, or
// that of the folder above it that stands there.
func layer(pkg string) string {
	for p := pkg; p != "."; p = path.Dir(p) {
		if _, ok := arrows[p]; ok {
			return p
		}
	}
	return pkg
}

// wrong says what is wrong with an import of a package, or "".
func wrong(pkg, imported string) string {
	from := layer(pkg)
	if rest, ok := strings.CutPrefix(imported, "winnow/"); ok {
		to := layer(rest)
		if from != to && !slices.Contains(arrows[from], to) && !slices.Contains(arrows[from], "...") {
			return fmt.Sprintf("%s imports %s", pkg, rest)
		}
		return ""
	}
	if allowed, ok := foreign[from]; ok && strings.Contains(strings.Split(imported, "/")[0], ".") &&
		!slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(imported, a) }) {
		return fmt.Sprintf("%s imports %s, which is outside its layer", pkg, imported)
	}
	for prefix, owners := range owned {
		if strings.HasPrefix(imported, prefix) && !slices.Contains(owners, from) {
			return fmt.Sprintf("%s imports %s, which only %s may", pkg, imported, strings.Join(owners, ", "))
		}
	}
	return ""
}

// TestArrows parses every file of the tree and fails on an import that the
// tables do not allow. It does not ask the go command, whose answers may come
// from a cache.
func TestArrows(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := d.Name()
			if name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules" || name == "tools" || name == "bench") {
				return filepath.SkipDir // no packages of this module
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(name))
		seen[layer(pkg)] = true
		if _, ok := arrows[layer(pkg)]; !ok {
			t.Errorf("the package %s stands in no table", pkg)
		}
		for _, i := range f.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if w := wrong(pkg, imported); w != "" {
				t.Errorf("%s: %s", name, w)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, must := range []string{"text", "extract", "rules", "rules/packs", "clean", "archive", "server", "client", "cmd/winnow", "proto"} {
		if !seen[must] {
			t.Errorf("no file of the package %s was found", must)
		}
	}
}

// TestWrongArrows: the tables allow what they should, and nothing else.
func TestWrongArrows(t *testing.T) {
	for _, c := range []struct {
		pkg, imported string
		ok            bool
	}{
		{"text", "strings", true},
		{"text", "golang.org/x/text/unicode/norm", true},
		{"text", "golang.org/x/net/publicsuffix", true},
		{"text", "golang.org/x/net/html", false},
		{"text", "github.com/goccy/go-yaml", false},
		{"text", "winnow/rules", false},
		{"text", "winnow/internal/quality", false},
		{"rules", "winnow/text", true},
		{"rules", "winnow/extract", false},
		{"rules", "winnow/clean", false},
		{"rules", "winnow/rules/packs", false},
		{"rules", "google.golang.org/protobuf/proto", false},
		{"rules/learn", "winnow/rules", true},
		{"rules/learn", "winnow/clean", false},
		{"rules/learn/gram", "winnow/rules", true},
		{"rules/learn/gram", "winnow/server", false},
		{"extract", "github.com/go-shiori/go-readability", true},
		{"clean", "github.com/go-shiori/go-readability", false},
		{"clean", "winnow/extract", true},
		{"clean", "winnow/proto/winnow/v1", false},
		{"clean", "google.golang.org/grpc/codes", false},
		{"clean", "github.com/spf13/cobra", false},
		{"archive", "winnow/text", true},
		{"archive", "winnow/rules", false},
		{"client", "winnow/proto/winnow/v1", true},
		{"client", "winnow/archive", true},
		{"client", "winnow/clean", false},
		{"client", "winnow/rules", false},
		{"client", "google.golang.org/grpc", true},
		{"server", "winnow/proto/winnow/v1", true},
		{"server", "winnow/client", false},
		{"server", "winnow/archive", false},
		{"server", "github.com/spf13/cobra", false},
		{"server", "database/sql", false},
		{"audit", "database/sql", true},
		{"audit", "winnow/clean", false},
		{"proto/winnow/v1", "google.golang.org/protobuf/proto", true},
		{"proto/winnow/v1", "winnow/text", false},
		{"cmd/winnow", "winnow/server", true},
		{"cmd/winnow", "github.com/spf13/cobra", true},
		{"internal/quality", "winnow/text", true},
		{"internal/quality", "winnow/rules", false},
		{"elsewhere", "winnow/text", false},
	} {
		if got := wrong(c.pkg, c.imported) == ""; got != c.ok {
			t.Errorf("%s imports %s: allowed %v, want %v", c.pkg, c.imported, got, c.ok)
		}
	}
}
