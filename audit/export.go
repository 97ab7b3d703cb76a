package audit

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"winnow/rules"
)

// A Format is a form in which decisions leave the record.
type Format string

// The formats.
const (
	JSONL Format = "jsonl" // a decision a line, whole
	CSV   Format = "csv"   // a removal a row, with a heading
	SARIF Format = "sarif" // SARIF 2.1.0, for viewers of findings: a removal a result
)

// Export writes the decisions that q chooses, latest first. With a rule or a
// category in q, CSV and SARIF hold the removals of that rule and category
// alone.
func Export(ctx context.Context, s Store, q Query, f Format, w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<16)
	var write func(*Decision) error
	end := func() error { return nil }
	switch f {
	case JSONL:
		enc := json.NewEncoder(b)
		enc.SetEscapeHTML(false)
		write = func(d *Decision) error { return enc.Encode(lineOf(d)) }
	case CSV:
		c := csv.NewWriter(b)
		if err := c.Write(csvHeading); err != nil {
			return err
		}
		write = func(d *Decision) error {
			for i := range d.Removals {
				if r := &d.Removals[i]; q.chooses(r) {
					if err := c.Write(csvRow(d, r)); err != nil {
						return err
					}
				}
			}
			c.Flush()
			return c.Error()
		}
	case SARIF:
		x := &sarif{w: b, rules: map[rules.ID]int{}}
		write = func(d *Decision) error { return x.add(d, q) }
		end = x.end
	default:
		return fmt.Errorf("audit: unknown format %q: jsonl, csv or sarif", f)
	}
	for d, err := range All(ctx, s, q) {
		if err != nil {
			return err
		}
		if err := write(d); err != nil {
			return err
		}
	}
	if err := end(); err != nil {
		return err
	}
	return b.Flush()
}

// chooses reports whether r is a removal of the rule and the category of q.
func (q Query) chooses(r *Removal) bool {
	return (q.Rule == "" || slices.Contains(r.Rules(), q.Rule)) && (q.Category == "" || q.Category == r.Category)
}

// jsonText is a text that may not be UTF-8: a string, or {"base64": ...}.
type jsonText string

// MarshalJSON implements json.Marshaler.
func (t jsonText) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(map[string]string{"base64": base64.StdEncoding.EncodeToString([]byte(t))})
}

// The lines of JSONL. Names are those of the files of winnow clean where there
// are such.
type jsonDecision struct {
	Decision  ID              `json:"decision"`
	Time      time.Time       `json:"time"`
	ID        string          `json:"id"`
	URL       string          `json:"url,omitempty"`
	Publisher string          `json:"publisher,omitempty"`
	Title     string          `json:"title,omitempty"`
	Captured  *time.Time      `json:"captured,omitempty"`
	Page      bool            `json:"page,omitempty"`
	Text      *jsonText       `json:"text,omitempty"` // absent where it was not recorded
	Removed   []jsonRemoval   `json:"removed"`
	Warnings  []rules.Warning `json:"warnings,omitempty"`
	Flags     []string        `json:"flags,omitempty"`
	Risk      float64         `json:"risk"`
	Revision  string          `json:"revision"`
	Profile   string          `json:"profile"`
	SHA256    jsonSums        `json:"sha256"`
	Dropped   []jsonDropped   `json:"dropped,omitempty"`
}

type jsonSums struct {
	Source    string `json:"source"`
	Extracted string `json:"extracted"`
	Clean     string `json:"clean"`
}

type jsonRemoval struct {
	Start       int            `json:"start"`
	End         int            `json:"end"`
	CleanOffset int            `json:"clean_offset"`
	Text        jsonText       `json:"text"`
	Rules       []rules.ID     `json:"rules"`
	Category    rules.Category `json:"category"`
	Stage       rules.Stage    `json:"stage"`
	Mode        string         `json:"mode"` // enforced or shadow
	Confidence  float64        `json:"confidence"`
	Flags       []string       `json:"flags,omitempty"`
	Risk        float64        `json:"risk"`
}

type jsonDropped struct {
	Start  int      `json:"start"`
	End    int      `json:"end"`
	Reason string   `json:"reason"`
	Text   jsonText `json:"text"`
}

func lineOf(d *Decision) jsonDecision {
	l := jsonDecision{Decision: d.ID, Time: d.Time, ID: d.Document, URL: d.URL, Publisher: string(d.Publisher), Title: d.Title, Page: d.Page,
		Removed: []jsonRemoval{}, Warnings: d.Warnings, Flags: d.Flags.Names(), Risk: d.Risk, Revision: d.Revision, Profile: d.Profile,
		SHA256: jsonSums(d.Sums)}
	if !d.Captured.IsZero() {
		l.Captured = &d.Captured
	}
	if !d.Bare {
		t := jsonText(d.Clean)
		l.Text = &t
	}
	for i := range d.Removals {
		r := &d.Removals[i]
		l.Removed = append(l.Removed, jsonRemoval{Start: r.Span.Start, End: r.Span.End, CleanOffset: r.CleanOffset, Text: jsonText(r.Text),
			Rules: r.Rules(), Category: r.Category, Stage: r.Stage, Mode: modeName(r.Mode), Confidence: r.Confidence, Flags: r.Flags.Names(), Risk: r.Risk})
	}
	for _, x := range d.Dropped {
		l.Dropped = append(l.Dropped, jsonDropped{x.Start, x.End, x.Reason, jsonText(x.Text)})
	}
	return l
}

func modeName(m rules.Mode) string {
	if m == rules.Enforce {
		return "enforced"
	}
	return string(m)
}

var csvHeading = []string{"decision", "time", "document", "url", "publisher", "revision", "removal", "start", "end", "clean_offset", "mode",
	"stage", "category", "confidence", "rules", "flags", "risk", "text"}

func csvRow(d *Decision, r *Removal) []string {
	return []string{strconv.FormatInt(int64(d.ID), 10), d.Time.Format(time.RFC3339), d.Document, d.URL, string(d.Publisher), d.Revision,
		strconv.Itoa(r.N), strconv.Itoa(r.Span.Start), strconv.Itoa(r.Span.End), strconv.Itoa(r.CleanOffset), modeName(r.Mode), string(r.Stage),
		string(r.Category), strconv.FormatFloat(r.Confidence, 'f', 3, 64), joined(r.Rules()), r.Flags.String(),
		strconv.FormatFloat(r.Risk, 'f', 3, 64), strings.ToValidUTF8(r.Text, "\uFFFD")}
}

func joined(ids []rules.ID) string {
	var b strings.Builder
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(id))
	}
	return b.String()
}

// A sarif writes the results as they come, and the rules, which it knows only
// then, after them.
type sarif struct {
	w     *bufio.Writer
	rules map[rules.ID]int
	ids   []rules.ID
	n     int
}

// object is a JSON object whose names are written in order.
type object map[string]any

func (x *sarif) add(d *Decision, q Query) error {
	for i := range d.Removals {
		r := &d.Removals[i]
		if !q.chooses(r) {
			continue
		}
		if x.n == 0 {
			x.begin()
		} else {
			x.w.WriteString(",\n")
		}
		x.n++
		id := r.Matches[0].Rule
		if _, ok := x.rules[id]; !ok {
			x.rules[id] = len(x.ids)
			x.ids = append(x.ids, id)
		}
		level := "note"
		if r.Flags != 0 {
			level = "warning"
		}
		text := strings.ToValidUTF8(r.Text, "\uFFFD")
		verb := "Removed"
		if r.Mode != rules.Enforce {
			verb = "Would remove"
		}
		message := fmt.Sprintf("%s %d bytes as %s, by %s.", verb, r.Span.Len(), r.Category, joined(r.Rules()))
		if r.Flags != 0 {
			message += " Stands nowhere in the kept text: " + strings.Join(r.Flags.Names(), ", ") + "."
		}
		b, err := json.Marshal(object{
			"ruleId": id, "ruleIndex": x.rules[id], "level": level, "kind": "fail", "rank": 100 * r.Risk,
			"message": object{"text": message},
			"locations": []object{{"physicalLocation": object{
				"artifactLocation": object{"uri": uriOf(d)},
				"region":           object{"byteOffset": r.Span.Start, "byteLength": r.Span.Len(), "snippet": object{"text": text}},
			}}},
			"partialFingerprints": object{"removedText/v1": hash(r.Text)},
			"properties": object{"decision": d.ID, "removal": r.N, "document": d.Document, "publisher": d.Publisher, "revision": d.Revision,
				"category": r.Category, "stage": r.Stage, "mode": modeName(r.Mode), "confidence": r.Confidence, "flags": append([]string{}, r.Flags.Names()...)},
		})
		if err != nil {
			return err
		}
		x.w.Write(b)
	}
	return nil
}

func (x *sarif) begin() {
	x.w.WriteString(`{"version":"2.1.0","$schema":"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json","runs":[{"results":[` + "\n")
}

func (x *sarif) end() error {
	if x.n == 0 {
		x.begin()
	}
	var list []object
	for _, id := range x.ids {
		list = append(list, object{"id": id})
	}
	driver := object{"name": "winnow", "rules": append([]object{}, list...)}
	b, err := json.Marshal(driver)
	if err != nil {
		return err
	}
	_, err = x.w.WriteString("\n],\"columnKind\":\"unicodeCodePoints\",\"tool\":{\"driver\":" + string(b) + "}}]}\n")
	return err
}

// uriOf names a document: its address, else its id as a path.
func uriOf(d *Decision) string {
	if u, err := url.Parse(d.URL); err == nil && d.URL != "" {
		return u.String()
	}
	return (&url.URL{Path: "./" + d.Document}).String()
}
