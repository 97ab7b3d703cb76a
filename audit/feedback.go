package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"winnow/rules"
	"winnow/text"
)

// A Desk takes what people say of removals and of rules, and does what follows:
// a mark becomes an example of the rule, the rule is tested against it, and
// where it fails it goes to shadow mode. What follows is written into a feedback
// file (see rules.Feedback), which holds for every rule, built-in ones too, and
// into the record. All methods are safe for concurrent use.
type Desk struct {
	Store Store
	Rules func() *rules.Set // the rules in force
	// File is the feedback file, which need not exist yet. Empty: marks are kept
	// in the record and no rule is changed.
	File string
	// Reload puts the rules in force that File gives now. Nil does nothing.
	Reload func() error
	Now    func() time.Time

	mu sync.Mutex
}

// Mark keeps m, sets its ID and its Outcome, and does what follows from it:
//
//	wrong        the removal, with as little around it as makes the rule take
//	             it, becomes an example of the rule that must stay. A rule in
//	             force that fails it goes to shadow mode.
//	right        it becomes an example that must be removed, where the rule
//	             alone takes it
//	boilerplate  the same for m.Rule, where that rule takes it; else a new rule
//	             of the publisher is made of it, in shadow mode
//
// A mark on a removal that names no rule is about all rules of the removal; the
// outcome names each. To say the same again changes nothing: m becomes the mark
// that is there, and no example stands in the file twice.
func (k *Desk) Mark(ctx context.Context, m *Mark) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	d, err := k.Store.Get(ctx, m.Decision)
	if err != nil {
		return err
	}
	ids := []rules.ID{m.Rule}
	switch m.Verdict {
	case Wrong, Right:
		if m.N < 0 || m.N >= len(d.Removals) {
			return ErrNotFound
		}
		r := &d.Removals[m.N]
		m.Span = r.Span
		if m.Rule == "" {
			ids = r.Rules()
			m.Rule = ids[0]
		} else if !slices.Contains(r.Rules(), m.Rule) {
			return fmt.Errorf("%w: %s has no part in removal %d of decision %d", ErrMark, m.Rule, m.N, m.Decision)
		}
	case Boilerplate:
		m.N = -1
		if m.Span.Start < 0 || m.Span.End <= m.Span.Start || m.Span.End > d.Size {
			return fmt.Errorf("%w: bytes %d to %d do not lie in the text of decision %d", ErrMark, m.Span.Start, m.Span.End, m.Decision)
		}
	default:
		return fmt.Errorf("%w: unknown verdict %q: wrong, right or boilerplate", ErrMark, m.Verdict)
	}
	if strings.TrimSpace(m.Who) == "" {
		return fmt.Errorf("%w: a mark says who made it", ErrMark)
	}
	if m.Time.IsZero() {
		m.Time = k.Now().UTC()
	}
	said, err := k.Store.Marks(ctx, m.Decision, "")
	if err != nil {
		return err
	}
	again := slices.IndexFunc(said, m.same)
	if again >= 0 {
		m.ID, m.Time = said[again].ID, said[again].Time
	} else if err := k.Store.Mark(ctx, m); err != nil {
		return err
	}
	var news bool
	m.Outcome, news, err = k.follow(ctx, d, m, ids)
	if again >= 0 && !news && err == nil {
		return nil // the record keeps what came of it the first time
	}
	if err != nil {
		m.Outcome = "the mark is kept, but nothing followed: " + err.Error()
	}
	return errors.Join(err, k.Store.Settle(ctx, m.ID, m.Outcome))
}

// same reports whether o says what m says, by the same person.
func (m *Mark) same(o Mark) bool {
	return m.N == o.N && m.Span == o.Span && m.Verdict == o.Verdict && m.Rule == o.Rule && m.Category == o.Category && m.Who == o.Who && m.Why == o.Why
}

// follow does what follows from a mark and says what that was, and whether it
// was anything.
func (k *Desk) follow(ctx context.Context, d *Decision, m *Mark, ids []rules.ID) (outcome string, news bool, err error) {
	if k.File == "" {
		return "kept in the record; there is no feedback file, so no rule was changed", false, nil
	}
	t, err := d.Extracted()
	span := m.Span
	if errors.Is(err, ErrNoText) && m.N >= 0 { // the removed text alone has to do
		t = d.Removals[m.N].Text
		span = text.Span{End: len(t)}
	} else if err != nil {
		return "", false, err
	}
	before, err := k.said()
	if err != nil {
		return "", false, err
	}
	var out []string
	var lines []rules.Feedback
	var changes []Change
	say := func(id rules.ID, format string, args ...any) {
		out = append(out, strings.TrimPrefix(string(id)+": ", ": ")+fmt.Sprintf(format, args...))
	}
	line := func(id rules.ID) rules.Feedback {
		return rules.Feedback{Rule: id, Who: m.Who, When: m.Time.UTC().Format(time.RFC3339), Why: m.Why}
	}
	for _, id := range ids {
		rule := k.Rules().Rule(id)
		if rule == nil && m.Verdict != Boilerplate {
			say(id, "no such rule is in force; nothing to test")
			continue
		}
		var found *example
		if rule != nil {
			place := span
			if m.N >= 0 && !d.Bare {
				place = matchOf(&d.Removals[m.N], id)
			}
			if found, err = exampleFor(rule, t, d.Title, place, m.Verdict == Wrong); err != nil {
				return "", false, err
			}
		}
		switch {
		case m.Verdict == Wrong:
			l := line(id)
			l.Example = rules.ExampleOf(rules.Example{Text: found.text, Title: d.Title})
			added := "a keep example was added"
			if before.holds(l) {
				added = "its keep example is there already"
			} else {
				lines = append(lines, l)
			}
			switch {
			case len(found.cuts) == 0:
				say(id, "%s, and the rule passes it", added)
			case rule.Mode != rules.Enforce:
				say(id, "%s; the rule fails it, and is in mode %s already", added, rule.Mode)
			default:
				l := line(id)
				l.Mode, l.Why = rules.Shadow, "fails a keep example: "+m.Why
				lines = append(lines, l)
				changes = append(changes, Change{Rule: id, From: rule.Mode, To: rules.Shadow, Who: m.Who, Why: l.Why, Time: m.Time, Mark: m.ID})
				say(id, "%s; the rule fails it and went to shadow mode", added)
			}
		case found != nil && found.exact:
			l := line(id)
			l.Example = rules.ExampleOf(rules.Example{Text: found.text, Title: d.Title, Cut: found.cuts})
			if before.holds(l) {
				say(id, "its remove example is there already, and the rule passes it")
				continue
			}
			lines = append(lines, l)
			say(id, "a remove example was added, and the rule passes it")
		case m.Verdict == Right:
			say(id, "no example: the rule alone does not take exactly this text")
		default:
			more, outcome, err := k.newRule(d, m, t, line)
			if err != nil {
				return "", false, err
			}
			if len(more) > 0 {
				if made := before.made(more[0].New); made != "" {
					more, outcome = nil, fmt.Sprintf("%s was made of it already", made)
				}
			}
			lines = append(lines, more...)
			say("", "%s", outcome)
		}
	}
	if err := k.append(ctx, lines, changes); err != nil {
		return "", false, err
	}
	return strings.Join(out, "; "), len(lines) > 0, nil
}

// sayings are what a feedback file holds.
type sayings []rules.Feedback

// said reads the feedback file, which need not exist.
func (k *Desk) said() (sayings, error) {
	data, err := os.ReadFile(k.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return rules.ParseFeedback(k.File, data)
}

// holds reports whether the example of f stands there for its rule.
func (s sayings) holds(f rules.Feedback) bool {
	return slices.ContainsFunc(s, func(o rules.Feedback) bool {
		return o.Rule == f.Rule && o.Example != nil && reflect.DeepEqual(o.Example, f.Example)
	})
}

// made returns the rule that was made as n is, or "".
func (s sayings) made(n *rules.NewRule) rules.ID {
	for _, o := range s {
		if o.New != nil && reflect.DeepEqual(o.New, n) {
			return o.Rule
		}
	}
	return ""
}

// matchOf returns what a rule matched of a removal.
func matchOf(r *Removal, id rules.ID) text.Span {
	for _, m := range r.Matches {
		if m.Rule == id {
			return m.Span
		}
	}
	return r.Span
}

// An example is a part of a document that a rule was tried on.
type example struct {
	text  string
	cuts  []text.Span // what the rule takes of it
	exact bool        // it takes the place in question, and nothing else
}

// exampleFor looks for the smallest part of t around place that shows what rule
// does to it: first the lines of the place, then one, two, four ... lines on
// either side, then all of t. For a removal that was wrong that is the first
// part in which the rule takes something of the place, else the lines with one
// on either side; for others the first part in which it takes the place and
// nothing else.
func exampleFor(rule *rules.Rule, t, title string, place text.Span, wrong bool) (*example, error) {
	place = place.Trim(t)
	if place.Empty() {
		return &example{text: t}, nil
	}
	var near *example
	for n := 0; ; n = max(1, 2*n) {
		part := linesAround(t, place, n)
		x := &example{text: part.In(t)}
		var err error
		if x.cuts, err = rule.Cuts(rules.Example{Text: x.text, Title: title}); err != nil {
			return nil, err
		}
		at := text.Span{Start: place.Start - part.Start, End: place.End - part.Start}
		x.exact = len(x.cuts) == 1 && x.cuts[0] == at
		takes := slices.ContainsFunc(x.cuts, at.Overlaps)
		if wrong && takes || !wrong && x.exact {
			return x, nil
		}
		if n <= 1 && len(x.cuts) == 0 {
			near = x
		}
		if part.Len() == len(t) {
			if wrong && near == nil {
				near = &example{text: linesAround(t, place, 0).In(t)}
			}
			if wrong {
				near.cuts = nil
			}
			return near, nil
		}
	}
}

// linesAround widens s to whole lines and n lines on either side.
func linesAround(t string, s text.Span, n int) text.Span {
	for i := 0; i <= n; i++ {
		if j := strings.LastIndexByte(t[:max(0, s.Start-min(i, 1))], '\n'); j >= 0 {
			s.Start = j + 1
		} else {
			s.Start = 0
		}
		end := min(len(t), s.End+min(i, 1))
		if j := strings.IndexByte(t[end:], '\n'); j >= 0 {
			s.End = end + j
		} else {
			s.End = len(t)
		}
	}
	return s
}

// newRule makes a rule of kept text that is boilerplate.
func (k *Desk) newRule(d *Decision, m *Mark, t string, line func(rules.ID) rules.Feedback) ([]rules.Feedback, string, error) {
	if d.Publisher == "" {
		return nil, "kept in the record; a new rule is for one publisher, and that of the document is not known", nil
	}
	id := k.Rules().FreeID(string(d.Publisher), "marked")
	category := m.Category
	if category == "" {
		category = rules.Nav
	}
	made := line(id)
	made.New = &rules.NewRule{Publisher: d.Publisher, Category: category}
	place := linesAround(t, m.Span.Trim(t), 0)
	var segments text.Segments
	segments.Segment(t, d.Title, nil)
	longest := ""
	for _, u := range segments.Units {
		switch {
		case u.Span.Overlaps(m.Span):
			made.New.Text = append(made.New.Text, u.Span.In(t))
			place = place.Union(u.Span)
		case u.Span.Len() > len(longest):
			longest = u.Span.In(t)
		}
	}
	if len(made.New.Text) == 0 {
		return nil, "kept in the record; the text holds nothing that a rule could match", nil
	}
	rule := &rules.Rule{ID: id, Scope: rules.Scope{Publisher: d.Publisher}, Category: category, Mode: rules.Shadow, Where: rules.Anywhere,
		Kind: rules.KindText, Text: made.New.Text, Confidence: 0.9}
	cuts, err := rule.Cuts(rules.Example{Text: place.In(t), Title: d.Title})
	if err != nil || len(cuts) == 0 {
		return nil, "kept in the record; no rule can be made of that text alone", nil
	}
	shows, stays := line(id), line(id)
	shows.Example = rules.ExampleOf(rules.Example{Text: place.In(t), Title: d.Title, Cut: cuts})
	out := []rules.Feedback{made, shows}
	if longest != "" {
		stays.Example = rules.ExampleOf(rules.Example{Text: longest, Title: d.Title})
		if got, err := rule.Cuts(rules.Example{Text: longest, Title: d.Title}); err == nil && len(got) == 0 {
			out = append(out, stays)
		}
	}
	return out, fmt.Sprintf("%s was made of it, in shadow mode", id), nil
}

// append writes lines into the feedback file, once the rules load with them,
// and changes into the record.
func (k *Desk) append(ctx context.Context, lines []rules.Feedback, changes []Change) error {
	if len(lines) == 0 {
		return nil
	}
	var b []byte
	for _, l := range lines {
		var err error
		if b, err = rules.AppendFeedback(b, l); err != nil {
			return err
		}
	}
	old, err := os.ReadFile(k.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(old) > 0 && old[len(old)-1] != '\n' {
		b = append([]byte("\n"), b...)
	}
	if _, err := rules.ApplyFeedback([]*rules.Pack{{Rules: k.Rules().Rules()}}, k.File, append(old, b...)); err != nil {
		return err
	}
	f, err := os.OpenFile(k.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	for _, c := range changes {
		if err := k.Store.Changed(ctx, c); err != nil {
			return err
		}
	}
	if k.Reload == nil {
		return nil
	}
	return k.Reload()
}

// CanSetMode says why the mode of a rule cannot be changed, or "".
func (k *Desk) CanSetMode(*rules.Rule) string {
	if k.File == "" {
		return "there is no feedback file to write it into"
	}
	return ""
}

// SetMode changes the mode of c.Rule to c.To, and keeps who did so and why. A
// rule that fails an example of the feedback file is not put in force.
func (k *Desk) SetMode(ctx context.Context, c Change) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	rule := k.Rules().Rule(c.Rule)
	switch {
	case rule == nil:
		return ErrNotFound
	case k.File == "":
		return fmt.Errorf("%w: %s", ErrMark, k.CanSetMode(rule))
	case strings.TrimSpace(c.Who) == "":
		return fmt.Errorf("%w: a change says who made it", ErrMark)
	}
	if c.Time.IsZero() {
		c.Time = k.Now().UTC()
	}
	c.From = rule.Mode
	return k.append(ctx, []rules.Feedback{{Rule: c.Rule, Mode: c.To, Who: c.Who, Why: c.Why, When: c.Time.UTC().Format(time.RFC3339)}}, []Change{c})
}
