package rules

import (
	"encoding/binary"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// A dfa tells whether an expression matches all of a text, in one look-up a
// rune. Go's regexp walks the expression's program for every rune, which takes
// 30 to 100 ns; a dfa remembers where each set of places in the program leads
// and takes 2. Its states are made when they are first reached (after
// Thompson, 1968, and the lazy automata of RE2 by Russ Cox). Counted
// repetitions make many states, so that long ones ("up to 120 of anything") are
// taken for endless ones first: such a dfa says no for sure, and its yes is put
// to the exact one. An expression that still has too many states is left to
// regexp. The answers are regexp's in any case.
//
// The states stand in one table of numbers. An expression is run now and then,
// on a short text, and by then most of it has left the processor's caches: a
// rune then costs one line of memory, where states with pointers cost three.
//
// A dfa is safe for concurrent use: states are only ever added.
type dfa struct {
	prog   *syntax.Prog
	ascii  [utf8.RuneSelf]uint8  // the class of each ASCII rune
	bounds []rune                // where the classes of other runes begin, in order
	class  []uint8               // of the runes from bounds[i] up to bounds[i+1]
	sample []rune                // of each class one rune: all runes of a class go the same ways
	exact  func() *dfa           // where repetitions were made endless; else nil
	sure   int                   // with exact: the length in bytes up to which that makes no difference
	slow   func() *regexp.Regexp // for expressions with too many states
	gaveUp atomic.Bool

	// table has a row for each state: of each class the offset of the row of the
	// state that it leads to, and at the row's end what a text that ends there is
	// (see unknown). Its numbers are read while others are filled in. A full table
	// is copied to one twice as long; who still reads the old one finds unknown
	// there and asks for what is known already.
	table atomic.Pointer[[]uint32]
	width uint32 // of a row

	mu     sync.Mutex
	states map[string]uint32 // rows, by what the state is
	list   []state           // by row
}

// A state is a set of places in the program, before what depends on the next rune is followed.
type state struct {
	places []uint32
	word   bool // whether the rune before is a word character
	begin  bool // whether there is no rune before
}

// The numbers of a table that are no rows of states. No state has row 0: a state
// without places is dead, whatever comes, and there is no row for it either.
const (
	unknown = iota
	dead
	no  // at a row's end: the text does not match
	yes // at a row's end: it does
)

// maxStates is the most states that a dfa keeps, maxProgram the longest program that gets one.
const (
	maxStates  = 2000
	maxProgram = 4000
)

// newDFA returns the dfa of an expression that syntax has parsed before.
func newDFA(source string) *dfa { return makeDFA(source, true) }

func makeDFA(source string, loose bool) *dfa {
	d := &dfa{states: map[string]uint32{}}
	d.slow = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:` + source + `)$`) })
	parsed, err := syntax.Parse(`^(?:`+source+`)$`, syntax.Perl)
	if err != nil {
		panic("rules: newDFA: " + err.Error()) // newExpr has parsed it
	}
	if loose {
		d.sure = loosen(parsed)
	}
	if loose && d.sure < math.MaxInt {
		d.exact = sync.OnceValue(func() *dfa { return makeDFA(source, false) })
	}
	if d.prog, err = syntax.Compile(parsed.Simplify()); err != nil || len(d.prog.Inst) > maxProgram || d.multiline() || !d.classify() {
		d.gaveUp.Store(true)
		return d
	}
	d.width = max(uint32(len(d.sample))+1, yes+1) // so that no row has the number of what is none
	table := make([]uint32, 8*d.width)
	d.table.Store(&table)
	d.list = make([]state, 1, 8)
	d.row(state{[]uint32{uint32(d.prog.Start)}, false, true})
	return d
}

// maxRepeat is the highest count of a repetition that is not made endless.
const maxRepeat = 8

// loosen makes the long repetitions in re endless ones and returns the length
// in runes up to which no text is long enough to tell: the smallest highest
// count, 0 where a lowest count was changed, math.MaxInt where nothing was.
func loosen(re *syntax.Regexp) int {
	sure := math.MaxInt
	if re.Op == syntax.OpRepeat && (re.Min > maxRepeat || re.Max > maxRepeat) {
		if sure = re.Max; re.Min > maxRepeat {
			sure = 0
		}
		re.Min, re.Max = min(re.Min, maxRepeat), -1
	}
	for _, sub := range re.Sub {
		sure = min(sure, loosen(sub))
	}
	return sure
}

// multiline reports whether the expression asks for the edges of lines, which a unit has none of.
func (d *dfa) multiline() bool {
	return slices.ContainsFunc(d.prog.Inst, func(in syntax.Inst) bool {
		return in.Op == syntax.InstEmptyWidth && syntax.EmptyOp(in.Arg)&(syntax.EmptyBeginLine|syntax.EmptyEndLine) != 0
	})
}

// match reports whether all of t matches.
func (d *dfa) match(t string) bool {
	if d.gaveUp.Load() {
		return d.slow().MatchString(t)
	}
	table, row := *d.table.Load(), d.width
	for i := 0; i < len(t); {
		var c uint8
		if b := t[i]; b < utf8.RuneSelf {
			c = d.ascii[b]
			i++
		} else {
			r, n := utf8.DecodeRuneInString(t[i:])
			c = d.classOf(r)
			i += n
		}
		next := atomic.LoadUint32(&table[row+uint32(c)])
		if next == unknown {
			if next, table = d.step(row, c); next == unknown {
				return d.slow().MatchString(t)
			}
		}
		if next == dead {
			return false
		}
		row = next
	}
	end := &table[row+d.width-1]
	a := atomic.LoadUint32(end)
	if a == unknown {
		a = no
		if _, match := d.follow(d.at(row), -1); match {
			a = yes
		}
		atomic.StoreUint32(end, a)
	}
	return a == yes && (d.exact == nil || len(t) <= d.sure || d.exact().match(t))
}

// classify sorts the runes into classes that all instructions treat alike. It
// reports whether there are at most 256.
func (d *dfa) classify() bool {
	sets := [][]rune{{'0', '9', 'A', 'Z', '_', '_', 'a', 'z'}, {'\n', '\n'}} // word characters, and what a full stop does not match
	known := map[string]bool{}
	for i := range d.prog.Inst {
		switch in := &d.prog.Inst[i]; in.Op {
		case syntax.InstRune, syntax.InstRune1:
			key := string(in.Rune) + string(rune(in.Arg&uint32(syntax.FoldCase)))
			if known[key] {
				continue
			}
			known[key] = true
			set := in.Rune
			if len(set) == 1 {
				set = []rune{set[0], set[0]}
				if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
					for r := unicode.SimpleFold(set[0]); r != set[0]; r = unicode.SimpleFold(r) {
						sets = append(sets, []rune{r, r})
					}
				}
			}
			sets = append(sets, set)
		}
	}
	edges := []rune{0, utf8.RuneSelf}
	for _, set := range sets {
		for i := 0; i < len(set); i += 2 {
			edges = append(edges, set[i], set[i+1]+1)
		}
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	// The stretches between edges begin as one class; each set splits the
	// classes that it holds a part of.
	class := make([]int, len(edges))
	n := 1
	for _, set := range sets {
		split := map[int]int{}
		for e, i := 0, 0; e < len(edges) && i < len(set); e++ {
			for i < len(set) && set[i+1] < edges[e] {
				i += 2
			}
			if i < len(set) && set[i] <= edges[e] {
				to, ok := split[class[e]]
				if !ok {
					to = n
					n++
					split[class[e]] = to
				}
				class[e] = to
			}
		}
	}
	number := map[int]uint8{}
	for e, r := range edges {
		c, ok := number[class[e]]
		if !ok {
			if len(d.sample) == 256 {
				return false
			}
			c = uint8(len(d.sample))
			number[class[e]] = c
			d.sample = append(d.sample, r)
		}
		if r >= utf8.RuneSelf {
			d.bounds, d.class = append(d.bounds, r), append(d.class, c)
			continue
		}
		for a := r; a < edges[e+1]; a++ { // utf8.RuneSelf is an edge
			d.ascii[a] = c
		}
	}
	return true
}

// classOf returns the class of a rune that is not ASCII.
func (d *dfa) classOf(r rune) uint8 {
	i, ok := slices.BinarySearch(d.bounds, r)
	if !ok {
		i--
	}
	return d.class[i]
}

// at returns the state of a row.
func (d *dfa) at(row uint32) *state {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.list[row/d.width]
	return &s
}

// step returns the row after row and a rune of class c, and the table that has
// it; unknown where there would be too many.
func (d *dfa) step(row uint32, c uint8) (next uint32, table []uint32) {
	r := d.sample[c]
	places, _ := d.follow(d.at(row), r)
	var out []uint32
	for _, p := range places {
		if in := &d.prog.Inst[p]; in.MatchRune(r) {
			out = append(out, in.Out)
		}
	}
	slices.Sort(out)
	d.mu.Lock()
	defer d.mu.Unlock()
	if next = d.row(state{slices.Compact(out), syntax.IsWordChar(r), false}); next == unknown {
		d.gaveUp.Store(true)
		return unknown, nil
	}
	table = *d.table.Load()
	atomic.StoreUint32(&table[row+uint32(c)], next)
	return next, table
}

// follow returns the instructions that read a rune and can be reached from s
// where the next rune is r, -1 for the text's end, and whether the match ends there.
func (d *dfa) follow(s *state, r rune) (places []uint32, match bool) {
	var holds syntax.EmptyOp
	word := r >= 0 && syntax.IsWordChar(r)
	if s.begin {
		holds |= syntax.EmptyBeginText
	}
	if r < 0 {
		holds |= syntax.EmptyEndText
	}
	if s.word != word {
		holds |= syntax.EmptyWordBoundary
	} else {
		holds |= syntax.EmptyNoWordBoundary
	}
	seen := make(map[uint32]bool, 4*len(s.places))
	stack := slices.Clone(s.places)
	for len(stack) > 0 {
		p := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[p] {
			continue
		}
		seen[p] = true
		switch in := &d.prog.Inst[p]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			stack = append(stack, in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^holds == 0 {
				stack = append(stack, in.Out)
			}
		case syntax.InstMatch:
			match = true
		case syntax.InstFail:
		default:
			places = append(places, p)
		}
	}
	return places, match
}

// row returns the row of s, whose places are sorted; unknown where there are too
// many states. It is called by one goroutine at a time.
func (d *dfa) row(s state) uint32 {
	if len(s.places) == 0 {
		return dead
	}
	key := make([]byte, 0, 4*len(s.places)+1)
	for _, p := range s.places {
		key = binary.LittleEndian.AppendUint32(key, p)
	}
	flags := byte(0)
	if s.word {
		flags |= 1
	}
	if s.begin {
		flags |= 2
	}
	key = append(key, flags)
	row, known := d.states[string(key)]
	switch {
	case known:
		return row
	case len(d.list) > maxStates:
		return unknown
	}
	row = uint32(len(d.list)) * d.width
	d.states[string(key)] = row
	d.list = append(d.list, s)
	if old := *d.table.Load(); int(row+d.width) > len(old) {
		longer := make([]uint32, 2*len(old))
		for i := range old {
			longer[i] = atomic.LoadUint32(&old[i])
		}
		d.table.Store(&longer)
	}
	return row
}
