// Command sarif checks SARIF logs against the schema of SARIF 2.1.0 that OASIS
// publishes. It reads a log from standard input, and says what is wrong with it.
//
// The schema is the one that github.com/owenrumney/go-sarif carries, as a constant
// of a Go file. It is read from there and not copied: that module's own check goes
// through Go types, which drop what they do not know.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	_ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif" // whose schema it is
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// published is the address that the schema must give as its own.
const published = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sarif FOLDER-OF-GO-SARIF <LOG")
		os.Exit(2)
	}
	if err := check(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sarif:", err)
		os.Exit(1)
	}
}

func check(module string) error {
	text, err := constant(filepath.Join(module, "pkg/report/v210/sarif/schema.go"), "schema")
	if err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	if m, ok := doc.(map[string]any); !ok || m["id"] != published {
		return fmt.Errorf("the schema is not that of %s", published)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(published, doc); err != nil {
		return err
	}
	schema, err := c.Compile(published)
	if err != nil {
		return err
	}
	log, err := jsonschema.UnmarshalJSON(os.Stdin)
	if err != nil {
		return err
	}
	return schema.Validate(log)
}

// constant reads the string constant of that name from a Go file.
func constant(path, name string) (string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return "", err
	}
	var out string
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if ok && len(v.Names) == 1 && v.Names[0].Name == name && len(v.Values) == 1 {
			if lit, ok := v.Values[0].(*ast.BasicLit); ok {
				out, err = strconv.Unquote(lit.Value)
			}
		}
		return out == "" && err == nil
	})
	if out == "" && err == nil {
		err = fmt.Errorf("%s holds no constant %s", path, name)
	}
	return out, err
}
