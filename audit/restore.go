package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"winnow/rules"
	"winnow/text"
)

// Extracted returns the extracted text of d, from its clean text and its
// removals alone. It returns ErrNoText where the clean text was not recorded,
// and an error where what comes out does not have the recorded hash.
func (d *Decision) Extracted() (string, error) {
	if d.Bare {
		return "", ErrNoText
	}
	t, err := rules.Restore(d.Clean, d.pieces(func(*Removal) bool { return true }))
	if err != nil {
		return "", fmt.Errorf("audit: decision %d: %w", d.ID, err)
	}
	if got := hash(t); got != d.Sums.Extracted {
		return "", fmt.Errorf("audit: decision %d: the restored text has the hash %s, recorded is %s", d.ID, got, d.Sums.Extracted)
	}
	return t, nil
}

// Without returns the text as it would be had the chosen removals not been
// made: the clean text with those put back.
func (d *Decision) Without(chosen func(*Removal) bool) (string, error) {
	if d.Bare {
		return "", ErrNoText
	}
	// A piece's place counts in the text that is being restored: the place in the
	// extracted text less what stays cut before it.
	var ps []rules.Piece
	cut := 0
	for i := range d.Removals {
		r := &d.Removals[i]
		switch {
		case r.Mode != rules.Enforce:
		case chosen(r):
			ps = append(ps, rules.Piece{Start: r.Span.Start - cut, Text: r.Text})
		default:
			cut += r.Span.Len()
		}
	}
	t, err := rules.Restore(d.Clean, ps)
	if err != nil {
		return "", fmt.Errorf("audit: decision %d: %w", d.ID, err)
	}
	return t, nil
}

// WithRule returns a choice for Without: the removals that a rule has a part in.
func WithRule(id rules.ID) func(*Removal) bool {
	return func(r *Removal) bool { return slices.Contains(r.Rules(), id) }
}

func (d *Decision) pieces(chosen func(*Removal) bool) []rules.Piece {
	var ps []rules.Piece
	for i := range d.Removals {
		if r := &d.Removals[i]; r.Mode == rules.Enforce && chosen(r) {
			ps = append(ps, rules.Piece{Start: r.Span.Start, Text: r.Text})
		}
	}
	return ps
}

// hash returns the SHA-256 hash of a text as Sums hold it.
func hash(t string) string {
	h := sha256.Sum256([]byte(t))
	return hex.EncodeToString(h[:])
}

// Check recomputes what can be recomputed of d: the places of its removals, the
// hash of the clean text and that of the extracted text. It returns what is
// wrong, nil for a sound decision. Of a decision without text it checks places.
func (d *Decision) Check() []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	end, cut, removed := 0, 0, 0
	for i := range d.Removals {
		r := &d.Removals[i]
		if r.Span.Start < 0 || r.Span.End > d.Size || r.Span.Len() != len(r.Text) {
			say("removal %d: bytes %d to %d of a text of %d bytes, and the text has %d", r.N, r.Span.Start, r.Span.End, d.Size, len(r.Text))
		}
		if len(r.Matches) == 0 {
			say("removal %d: no rule", r.N)
		}
		if r.Mode != rules.Enforce {
			continue
		}
		if r.Span.Start < end {
			say("removal %d: overlaps the one before", r.N)
		}
		if r.CleanOffset != r.Span.Start-cut {
			say("removal %d: cut at byte %d of the clean text, and byte %d is recorded", r.N, r.Span.Start-cut, r.CleanOffset)
		}
		end, cut, removed = r.Span.End, cut+r.Span.Len(), removed+1
	}
	if removed != d.Removed || cut != d.RemovedBytes {
		say("%d removals of %d bytes, and %d of %d are recorded", removed, cut, d.Removed, d.RemovedBytes)
	}
	if d.Bare {
		return wrong
	}
	if got := hash(d.Clean); got != d.Sums.Clean {
		say("the clean text has the hash %s, recorded is %s", got, d.Sums.Clean)
	}
	if _, err := d.Extracted(); err != nil {
		say("%v", err)
	}
	return wrong
}

// FindKept returns where t first stands in the clean text, as a place of the
// extracted text, if no removal stands in between.
func (d *Decision) FindKept(t string) (text.Span, bool) {
	for from := 0; ; {
		i := strings.Index(d.Clean[from:], t)
		if i < 0 {
			return text.Span{}, false
		}
		start, end, whole := from+i, from+i+len(t), true
		shift := 0
		for j := range d.Removals {
			r := &d.Removals[j]
			switch {
			case r.Mode != rules.Enforce:
			case r.CleanOffset <= start:
				shift += r.Span.Len()
			case r.CleanOffset < end:
				whole = false
			}
		}
		if whole {
			return text.Span{Start: start + shift, End: end + shift}, true
		}
		from += i + 1
	}
}
