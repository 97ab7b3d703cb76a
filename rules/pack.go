package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml/ast"

	"winnow/text"
)

// A Pack is one pack file: the rules of a publisher, of a group of publishers,
// or of a subject for any publisher.
type Pack struct {
	Name  string // the first part of its rules' IDs: the publisher, the group or the subject
	Scope Scope
	File  string
	Rules []*Rule
}

var (
	packName = regexp.MustCompile(`^[a-z0-9][a-z0-9.:_-]*$`)
	ruleName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
)

// ParsePack reads one pack; file names it in errors. Every mistake is reported
// at once, as Errors. It does not run the rules' examples; see Pack.Test.
func ParsePack(file string, data []byte) (*Pack, error) {
	f, err := parseYAML(file, data)
	if err != nil {
		return nil, Errors{err}
	}
	r := newReader(file, data)
	p := &Pack{File: file}
	if len(f.Docs) == 0 || f.Docs[0].Body == nil {
		return nil, Errors{{File: file, Msg: "empty: a pack names its scope and its rules"}}
	}
	if len(f.Docs) > 1 {
		r.fail(f.Docs[1].Body, "a pack is one YAML document")
	}
	var rules ast.Node
	r.mapping(f.Docs[0].Body, map[string]func(ast.Node){
		"publisher": func(n ast.Node) {
			p.Scope.Publisher = text.ParsePublisher(r.str(n))
			p.Name = PackName(p.Scope.Publisher)
		},
		"group": func(n ast.Node) { p.Scope.Group = r.str(n); p.Name = p.Scope.Group },
		"any":   func(n ast.Node) { p.Name = r.str(n) },
		"members": func(n ast.Node) {
			for _, m := range r.strs(n) {
				p.Scope.Members = append(p.Scope.Members, text.ParsePublisher(m))
			}
		},
		"define": func(n ast.Node) { r.collect(n) },
		"rules":  func(n ast.Node) { rules = n },
	})
	switch {
	case !packName.MatchString(p.Name):
		r.fail(f.Docs[0].Body, "scope: one of publisher, group or any must name it, in lower case")
	case p.Scope.Publisher != "" && p.Scope.Group != "":
		r.fail(f.Docs[0].Body, "scope: publisher or group, not both")
	case p.Scope.Group != "" && len(p.Scope.Members) == 0:
		r.fail(f.Docs[0].Body, "scope: a group names its members")
	case p.Scope.Group == "" && len(p.Scope.Members) > 0:
		r.fail(f.Docs[0].Body, "scope: only a group has members")
	}
	if rules == nil {
		r.fail(f.Docs[0].Body, "a pack holds rules")
	}
	seen := map[ID]bool{}
	for _, n := range r.list(rules) {
		rule := r.rule(p, n)
		if seen[rule.ID] {
			r.fail(n, "the pack holds a rule of this id already")
		}
		seen[rule.ID] = true
		p.Rules = append(p.Rules, rule)
	}
	return p, r.errs.orNil()
}

// LoadDir reads every .yaml file below dir, in the order of their names, tests
// them, and then applies the OverridesFile of dir where there is one. It
// reports every mistake of all of them at once, as Errors.
func LoadDir(dir string) ([]*Pack, error) { return LoadFS(os.DirFS(dir), dir) }

// LoadFS is LoadDir for any file system; base stands before file names in errors.
func LoadFS(fsys fs.FS, base string) ([]*Pack, error) { return readFS(fsys, base, (*Pack).Test) }

// ReadFS is LoadFS without running the rules' examples, for packs that were
// tested before and cannot have changed.
func ReadFS(fsys fs.FS, base string) ([]*Pack, error) {
	return readFS(fsys, base, func(*Pack) error { return nil })
}

func readFS(fsys fs.FS, base string, test func(*Pack) error) ([]*Pack, error) {
	type file struct {
		name string
		data []byte
		pack *Pack
		err  error
	}
	var files []*file
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".bad.yaml") {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		files = append(files, &file{name: name, data: data})
		return err
	})
	if err != nil {
		return nil, err
	}
	// Most of the time goes into what is derived from expressions: by all cores.
	work := make(chan *file)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for f := range work {
				f.pack, f.err = ParsePack(path.Join(base, f.name), f.data)
			}
		})
	}
	for _, f := range files {
		if path.Base(f.name) != OverridesFile {
			work <- f
		}
	}
	close(work)
	wg.Wait()

	var packs []*Pack
	var errs Errors
	var overrides []byte
	for _, f := range files {
		if f.name == OverridesFile {
			overrides = f.data
			continue
		}
		if path.Base(f.name) == OverridesFile {
			errs = append(errs, &Error{File: path.Join(base, f.name), Msg: "overrides stand at the top of the folder that is loaded, here " + path.Join(base, OverridesFile)})
			continue
		}
		if f.err == nil {
			f.err = test(f.pack)
		}
		var es Errors
		switch {
		case errors.As(f.err, &es):
			errs = append(errs, es...)
		case f.err != nil:
			return nil, f.err
		default:
			packs = append(packs, f.pack)
		}
	}
	switch file := path.Join(base, OverridesFile); {
	case len(errs) == 0:
		errs = override(packs, file, overrides)
	default: // rules may be missing because their packs are broken
		_, err := ParseOverrides(file, overrides)
		var es Errors
		errors.As(err, &es)
		errs = append(errs, es...)
	}
	return packs, errs.orNil()
}

// rule reads one rule and checks what can be checked without running it.
func (r *reader) rule(p *Pack, n ast.Node) *Rule {
	rule := &Rule{Scope: p.Scope, Mode: Enforce, Confidence: -1}
	pos := resolvePos(n)
	rule.Origin = fmt.Sprintf("%s:%d", p.File, pos.Line)
	r.current, r.errsAt = "", len(r.errs)
	var kinds []Kind
	pattern := func(k Kind) func(ast.Node) {
		return func(n ast.Node) {
			kinds = append(kinds, k)
			rule.Kind, rule.Text = k, r.strs(n)
		}
	}
	r.mapping(n, map[string]func(ast.Node){
		"id": func(n ast.Node) {
			id := r.str(n)
			if !ruleName.MatchString(id) {
				r.fail(n, "id %q: lower-case letters, digits, full stops and hyphens", id)
			}
			rule.ID = ID(p.Name + "/" + id)
			r.current = rule.ID
		},
		"category": func(n ast.Node) {
			c, err := ParseCategory(r.str(n))
			if err != nil {
				r.fail(n, "%v", err)
			}
			rule.Category = c
		},
		"mode": func(n ast.Node) {
			if rule.Mode = Mode(r.str(n)); !slices.Contains([]Mode{Enforce, Shadow, Off}, rule.Mode) {
				r.fail(n, "unknown mode %q: enforce, shadow or off", rule.Mode)
			}
		},
		"action": func(n ast.Node) {
			switch a := r.str(n); a {
			case "keep":
				rule.Keep = true
			case "rescue":
				rule.Rescue = true
			case "remove":
			default:
				r.fail(n, "unknown action %q: remove or keep, or rescue for selectors", a)
			}
		},
		"why":      func(n ast.Node) { rule.Why = r.str(n) },
		"language": func(n ast.Node) { rule.Language = r.str(n) },
		"where": func(n ast.Node) {
			if rule.Where = Where(r.str(n)); !slices.Contains([]Where{Head, Tail, Anywhere}, rule.Where) {
				r.fail(n, "unknown place %q: head, tail or anywhere", rule.Where)
			}
		},
		"given":  func(n ast.Node) { rule.Given = r.strs(n) },
		"unless": func(n ast.Node) { rule.Unless = r.strs(n) },
		"unit": func(n ast.Node) {
			switch u := r.str(n); u {
			case "line":
				rule.Line = true
			case "line-end":
				rule.LineEnd = true
			default:
				r.fail(n, "unknown unit %q: line or line-end", u)
			}
		},
		"after": func(n ast.Node) {
			if rule.Prose = true; r.str(n) != "prose" || rule.Where != Tail {
				r.fail(n, "after: only prose can be said, of a rule with where: tail before it")
			}
		},
		"before": func(n ast.Node) {
			if rule.Prose = true; r.str(n) != "prose" || rule.Where != Head {
				r.fail(n, "before: only prose can be said, of a rule with where: head before it")
			}
		},
		"confidence": func(n ast.Node) {
			if rule.Confidence = r.float(n); rule.Confidence < 0 || rule.Confidence > 1 {
				r.fail(n, "confidence lies between 0 and 1")
			}
		},
		"budget": func(n ast.Node) {
			if v := r.str(n); v != "exempt" {
				r.fail(n, "budget %q: only exempt can be said", v)
			}
			rule.Exempt = true
		},
		"text":     pattern(KindText),
		"template": pattern(KindTemplate),
		"regexp":   pattern(KindRegexp),
		"prefix":   pattern(KindPrefix),
		"suffix":   pattern(KindSuffix),
		"block": func(n ast.Node) {
			kinds = append(kinds, KindBlock)
			rule.Kind, rule.Block = KindBlock, r.block(n)
		},
		"shape": func(n ast.Node) {
			kinds = append(kinds, KindShape)
			rule.Kind, rule.Shape = KindShape, r.shape(n)
		},
		"cues": func(n ast.Node) {
			kinds = append(kinds, KindCues)
			rule.Kind, rule.Cues = KindCues, r.cues(n)
		},
		"selector": pattern(KindSelector),
		"outside":  func(n ast.Node) { rule.Outside = r.boolean(n) },
		"hosts":    func(n ast.Node) { rule.Hosts = r.strs(n) },
		"doubled": func(n ast.Node) {
			kinds = append(kinds, KindDoubled)
			rule.Kind = KindDoubled
			if r.str(n) != "true" {
				r.fail(n, "doubled: only true can be said")
			}
		},
		"remove":   func(n ast.Node) { rule.Remove = r.examples(n) },
		"keep":     func(n ast.Node) { rule.KeepText = r.examples(n) },
		"evidence": func(n ast.Node) { rule.Evidence = r.evidence(n) },
	})
	if rule.Confidence < 0 {
		if rule.Confidence = 0.99; rule.Evidence != nil {
			rule.Confidence = rule.Evidence.Precision
		}
	}
	if rule.Category == Archive || rule.Category == Duplicate {
		rule.Exempt = true
	}
	switch {
	case rule.ID == "":
		r.fail(n, "a rule has an id")
	case len(kinds) == 0:
		r.fail(n, "a rule has a kind: text, template, regexp, prefix, suffix, block, shape, cues, selector or doubled")
	case len(kinds) > 1:
		r.fail(n, "a rule has one kind, not %d: %v", len(kinds), kinds)
	case rule.Kind != KindBlock && rule.Kind != KindShape && rule.Kind != KindCues && rule.Kind != KindDoubled && len(rule.Text) == 0:
		r.fail(n, "%s: empty", rule.Kind)
	}
	if rule.Category == "" {
		r.fail(n, "a rule has a category")
	}
	if rule.Where == "" {
		if rule.Kind == KindDoubled {
			rule.Where = Anywhere
		} else {
			r.fail(n, "a rule says where: head, tail or anywhere")
		}
	}
	if rule.Block != nil {
		if err := rule.Block.check(rule.Where); err != nil {
			r.fail(n, "block: %v", err)
		}
	}
	if strings.TrimSpace(rule.Why) == "" {
		r.fail(n, "a rule says why it is there")
	}
	if len(rule.Remove) == 0 || len(rule.KeepText) == 0 {
		r.fail(n, "a rule needs at least one remove and one keep example")
	}
	if rule.Kind == KindSelector {
		r.lay(n, rule)
	} else if rule.Outside || rule.Rescue || len(rule.Hosts) > 0 {
		r.fail(n, "outside, hosts and action: rescue are for selectors")
	}
	for _, e := range rule.Remove {
		if !rule.Keep && !rule.Rescue && len(e.Cut) == 0 {
			r.fail(n, "a remove example marks what goes: [-so-]")
		} else if (rule.Keep || rule.Rescue) && len(e.Cut) > 0 {
			r.fail(n, "an exception's examples have no marks, nor have those of a rescue: it removes nothing")
		}
	}
	for _, e := range rule.KeepText {
		if len(e.Cut) > 0 {
			r.fail(n, "a keep example has no marks")
		}
	}
	rule.exprs, rule.reading = map[string]*expr{}, true
	if err := (&index{}).add(rule); err != nil && len(r.errs) == r.errsAt {
		r.fail(n, "%v", err)
	}
	rule.reading = false
	return rule
}

func (b *Block) check(w Where) error {
	switch {
	case len(b.From) == 0 && len(b.To) == 0 && len(b.Of) == 0:
		return errors.New("needs from, of, or to with edge")
	case len(b.From) == 0 && len(b.To) > 0 && !(b.Edge && w == Head):
		return errors.New("to without from runs from the document's beginning: say edge: true and where: head")
	case len(b.From) > 0 && len(b.To) > 0 && b.Edge:
		return errors.New("from, to and edge together: the run ends at to or at the edge, not both")
	case len(b.From) > 0 && b.Edge && w == Head:
		return errors.New("a run to the edge at the head is written with to, not from")
	case len(b.From) == 0 && len(b.To) == 0 && b.Edge:
		return errors.New("edge needs from or to")
	case b.Gap < 0 || b.Least < 0 || b.Within < 0:
		return errors.New("gap, least and within are not negative")
	}
	return nil
}

func (r *reader) block(n ast.Node) *Block {
	b := &Block{}
	r.mapping(n, map[string]func(ast.Node){
		"from": func(n ast.Node) { b.From = r.strs(n) },
		"to":   func(n ast.Node) { b.To = r.strs(n) },
		"edge": func(n ast.Node) { b.Edge = r.boolean(n) },
		"of":   func(n ast.Node) { b.Of = r.strs(n) },
		"with": func(n ast.Node) {
			for _, cond := range r.list(n) {
				b.With = append(b.With, r.strs(cond))
			}
		},
		"gap":    func(n ast.Node) { b.Gap = r.integer(n) },
		"least":  func(n ast.Node) { b.Least = r.units(n) },
		"within": func(n ast.Node) { b.Within = r.units(n) },
	})
	return b
}

func (r *reader) evidence(n ast.Node) *Evidence {
	e := &Evidence{}
	integer := func(to *int) func(ast.Node) { return func(n ast.Node) { *to = r.integer(n) } }
	float := func(to *float64) func(ast.Node) { return func(n ast.Node) { *to = r.float(n) } }
	str := func(to *string) func(ast.Node) { return func(n ast.Node) { *to = r.str(n) } }
	r.mapping(n, map[string]func(ast.Node){
		"documents": integer(&e.Documents), "groups": integer(&e.Groups), "occurrences": integer(&e.Occurrences),
		"elsewhere": integer(&e.Elsewhere), "variants": integer(&e.Variants),
		"edge": float(&e.Edge), "lift": float(&e.Lift), "precision": float(&e.Precision),
		"first": str(&e.First), "last": str(&e.Last), "corpus": str(&e.Corpus), "learner": str(&e.Learner),
		"guards": func(n ast.Node) { e.Guards = r.strs(n) },
		"samples": func(n ast.Node) {
			for _, n := range r.list(n) {
				var s Sample
				r.mapping(n, map[string]func(ast.Node){"doc": str(&s.Doc), "start": integer(&s.Start), "end": integer(&s.End)})
				e.Samples = append(e.Samples, s)
			}
		},
	})
	if e.Precision < 0 || e.Precision > 1 {
		r.fail(n, "evidence: precision lies between 0 and 1")
	}
	return e
}

// examples reads a list of examples. One that needs a title is written as a
// mapping of title and text.
func (r *reader) examples(n ast.Node) []Example {
	var out []Example
	for _, n := range r.list(n) {
		var e Example
		raw, title, page := "", "", ""
		if _, ok := r.resolve(n).(*ast.MappingNode); ok {
			r.mapping(n, map[string]func(ast.Node){
				"title": func(n ast.Node) { title = r.str(n) },
				"text":  func(n ast.Node) { raw = r.str(n) },
				"url":   func(n ast.Node) { page = r.str(n) },
			})
		} else {
			raw = r.str(n)
		}
		e, err := ParseMarked(raw)
		e.Title, e.Page, e.Line = title, page, resolvePos(n).Line
		switch {
		case err != nil:
			r.fail(n, "example: %v", err)
		}
		out = append(out, e)
	}
	return out
}
