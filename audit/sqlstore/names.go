package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"winnow/audit"
	"winnow/rules"
)

// The kinds of words.
const (
	kindPublisher = "publisher"
	kindRule      = "rule"
	kindCategory  = "category"
	kindSetting   = "setting" // profile, a line break, the options as JSON
	kindRevision  = "revision"
	kindFlag      = "flag"
)

// A word is a name that rows refer to by number.
type word struct{ kind, word string }

// A how is what all removals by the same rules have in common.
type how struct {
	mode       rules.Mode
	stage      rules.Stage
	category   rules.Category
	confidence float64
	rules      []rules.ID // sorted, each once
}

func (h how) String() string {
	ids := make([]string, len(h.rules))
	for i, id := range h.rules {
		ids[i] = string(id)
	}
	return strings.Join([]string{string(h.mode), string(h.stage), string(h.category),
		strconv.FormatFloat(h.confidence, 'g', -1, 64), strings.Join(ids, "\n")}, "\t")
}

func parseHow(s string) (how, error) {
	f := strings.SplitN(s, "\t", 5)
	if len(f) != 5 {
		return how{}, fmt.Errorf("sqlstore: how %q", s)
	}
	c, err := strconv.ParseFloat(f[3], 64)
	if err != nil {
		return how{}, err
	}
	h := how{mode: rules.Mode(f[0]), stage: rules.Stage(f[1]), category: rules.Category(f[2]), confidence: c}
	for _, id := range strings.Split(f[4], "\n") {
		h.rules = append(h.rules, rules.ID(id))
	}
	return h, nil
}

// names are the words and hows that are known, by number and by name. They are
// read from the tables when one is missing. Numbers are never used again, so
// that a name which an erasure took is no more than a name that nothing has; the
// folding side forgets all names when it sees that there was an erasure.
type names struct {
	mu      sync.RWMutex
	erasure int64
	words   map[word]int64
	byWord  map[int64]word
	hows    map[string]int64
	byHow   map[int64]how
	bodies  map[[32]byte]int64 // of removed texts, the folding side's alone
}

func (n *names) forget(erasure int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.erasure = erasure
	n.words, n.byWord = map[word]int64{}, map[int64]word{}
	n.hows, n.byHow = map[string]int64{}, map[int64]how{}
	n.bodies = map[[32]byte]int64{}
}

func (n *names) addWord(id int64, w word) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.words[w], n.byWord[id] = id, w
}

func (n *names) addHow(id int64, h how) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hows[h.String()], n.byHow[id] = id, h
}

func (n *names) wordID(w word) (int64, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	id, ok := n.words[w]
	return id, ok
}

func (n *names) howID(h string) (int64, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	id, ok := n.hows[h]
	return id, ok
}

// number returns the number of a word, making one where there is none.
func (s *DB) number(t *tx, kind, name string) (int64, error) {
	w := word{kind, name}
	if id, ok := s.names.wordID(w); ok {
		return id, nil
	}
	id, found, err := one[int64](t.ctx, t, s.d, `SELECT id FROM word WHERE kind = ? AND word = ?`, kind, name)
	if err != nil {
		return 0, err
	}
	if !found {
		if id, err = t.next("word", 1); err != nil {
			return 0, err
		}
		if _, err := t.exec(`INSERT INTO word VALUES (?, ?, ?)`, id, kind, name); err != nil {
			return 0, err
		}
	}
	s.names.addWord(id, w)
	return id, nil
}

func (s *DB) howNumber(t *tx, m *audit.Removal) (int64, error) {
	h := how{m.Mode, m.Stage, m.Category, m.Confidence, m.Rules()}
	name := h.String()
	if id, ok := s.names.howID(name); ok {
		return id, nil
	}
	id, found, err := one[int64](t.ctx, t, s.d, `SELECT id FROM how WHERE how = ?`, name)
	if err != nil {
		return 0, err
	}
	if !found {
		if id, err = t.next("how", 1); err != nil {
			return 0, err
		}
		if _, err := t.exec(`INSERT INTO how VALUES (?, ?)`, id, name); err != nil {
			return 0, err
		}
	}
	s.names.addHow(id, h)
	return id, nil
}

// lookup returns the number of a word that may not exist.
func (s *DB) lookup(ctx context.Context, kind, name string) (id int64, found bool, err error) {
	if id, ok := s.names.wordID(word{kind, name}); ok {
		return id, true, nil
	}
	return one[int64](ctx, s.read, s.d, `SELECT id FROM word WHERE kind = ? AND word = ?`, kind, name)
}

// wordOf returns the word of a number.
func (s *DB) wordOf(ctx context.Context, id int64) (word, error) {
	s.names.mu.RLock()
	w, ok := s.names.byWord[id]
	s.names.mu.RUnlock()
	if ok {
		return w, nil
	}
	if err := s.read.QueryRowContext(ctx, s.d.bind(`SELECT kind, word FROM word WHERE id = ?`), id).Scan(&w.kind, &w.word); err != nil {
		return w, err
	}
	s.names.mu.Lock()
	s.names.byWord[id] = w // and not words: an erasure may come in between
	s.names.mu.Unlock()
	return w, nil
}

// learn reads the words of many numbers at once, where some are not known.
func (s *DB) learn(ctx context.Context, ids []int64) error {
	s.names.mu.RLock()
	missing := slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { _, ok := s.names.byWord[id]; return ok })
	s.names.mu.RUnlock()
	for part := range slices.Chunk(missing, 500) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		err := each(ctx, s.read, s.d, `SELECT id, kind, word FROM word WHERE id IN (`+placeholders(len(args))+`)`, args,
			func(scan func(...any) error) (bool, error) {
				var id int64
				var w word
				err := scan(&id, &w.kind, &w.word)
				s.names.mu.Lock()
				s.names.byWord[id] = w
				s.names.mu.Unlock()
				return true, err
			})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *DB) howOf(ctx context.Context, id int64) (how, error) {
	s.names.mu.RLock()
	h, ok := s.names.byHow[id]
	s.names.mu.RUnlock()
	if ok {
		return h, nil
	}
	name, _, err := one[string](ctx, s.read, s.d, `SELECT how FROM how WHERE id = ?`, id)
	if err != nil {
		return h, err
	}
	if h, err = parseHow(name); err != nil {
		return h, err
	}
	s.names.mu.Lock()
	s.names.byHow[id] = h
	s.names.mu.Unlock()
	return h, nil
}

// howsWith returns the numbers of the hows that hold a rule, or a category, or
// both. Read anew each time: there are as many as rules, and another process
// may have added some.
func (s *DB) howsWith(ctx context.Context, rule rules.ID, category rules.Category) ([]any, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, how FROM how ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []any
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		h, err := parseHow(name)
		if err != nil {
			return nil, err
		}
		if (rule == "" || slices.Contains(h.rules, rule)) && (category == "" || h.category == category) {
			out = append(out, id)
		}
	}
	return out, rows.Err()
}
