package sqlstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"unsafe"

	"winnow/audit"
)

// A batchLog is the file FILE-log beside a SQLite record: batches of decisions
// that are durable and not folded yet, one after the other. Writing the same
// into a table costs 35 microseconds for 10 KB in place of 5: pages are zeroed,
// filled, summed up, and written twice.
//
// A frame of the file is a header of 24 bytes and a batch (see encode.go). The
// numbers of the header are little-endian:
//
//	4  "wnlg"
//	4  bytes of the batch
//	8  the number of its first decision
//	4  how many decisions it holds
//	4  CRC-32C of the 20 bytes before and of the batch
//
// # Who writes and who reads
//
// Appending and taking away go on inside a transaction that writes, so that one
// process at a time does either; reading takes no lock. Numbers of decisions rise
// through the file, and meta.folded is the last that the tables have. So a fold
// that crashes before its transaction ends, or before the file is taken away, is
// done again or seen to be done.
//
// A frame is synced before its decisions are acknowledged, and no other is begun
// before, so that only the last one can be torn. The next append cuts that off.
//
// Once the file is larger than logTurn it becomes FILE-log-old, and a new one is
// begun: what is folded goes although new batches keep coming. There is one old
// file at most, and it is folded first.
//
// meta.log is 1 while there may be a file, so that it is missed where somebody
// took the record away without it.
type batchLog struct {
	path string

	// What the appending side knows, inside its transaction.
	f      *os.File
	direct *os.File // the same, past the page cache; nil where that cannot be
	size   int64    // of the whole frames
	last   int64    // the number of the last decision; 0 where there is no frame

	// How far the folding side has seen the file folded that begins with that
	// decision; under DB.fold.
	begins, offset int64
}

const (
	logMagic  = "wnlg"
	logHeader = 24
)

// Frames of directFrom bytes and more end at a multiple of block, which is what a
// write past the page cache asks of places, lengths and memory. Both in bytes.
const (
	block      = 4096
	directFrom = 64 << 10
)

// logTurn is the size from which a new file is begun, in bytes.
var logTurn int64 = 64 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func newBatchLog(record string) *batchLog {
	return &batchLog{path: record + "-log"}
}

func (l *batchLog) old() string { return l.path + "-old" }

// A frame is what a header says.
type frame struct {
	first int64
	n     int
	size  int64 // with the header
}

func (f frame) last() int64 { return f.first + int64(f.n) - 1 }

var errTorn = errors.New("sqlstore: the frame is not whole")

// frameAt reads the frame at an offset of a file of that size: its header and, if
// asked for, its batch. It returns errTorn where there is no whole one.
func frameAt(f *os.File, at, size int64, whole bool) (fr frame, batch []byte, err error) {
	if size-at < logHeader {
		return fr, nil, errTorn
	}
	var h [logHeader]byte
	if _, err := f.ReadAt(h[:], at); err != nil {
		return fr, nil, err
	}
	fr = frame{first: int64(binary.LittleEndian.Uint64(h[8:])), n: int(binary.LittleEndian.Uint32(h[16:])),
		size: logHeader + int64(binary.LittleEndian.Uint32(h[4:]))}
	if string(h[:4]) != logMagic || fr.first < 1 || fr.n < 1 || at+fr.size > size {
		return fr, nil, torn(f, at, size)
	}
	if whole || at+fr.size == size {
		batch = make([]byte, fr.size-logHeader)
		if _, err := f.ReadAt(batch, at+logHeader); err != nil {
			return fr, nil, err
		}
		if logSum(h[:], batch) != binary.LittleEndian.Uint32(h[20:]) {
			return fr, nil, torn(f, at, size)
		}
	}
	return fr, batch, nil
}

func logSum(header, batch []byte) uint32 {
	return crc32.Update(crc32.Checksum(header[:20], castagnoli), castagnoli, batch)
}

// torn tells a frame that was not written to its end, which nothing follows, from
// one that was damaged later.
func torn(f *os.File, at, size int64) error {
	rest := make([]byte, size-at)
	if _, err := f.ReadAt(rest, at); err != nil {
		return err
	}
	for i := 1; ; i++ {
		next := bytes.Index(rest[i:], []byte(logMagic))
		if next < 0 || len(rest)-i-next < logHeader {
			return errTorn
		}
		i += next
		h := rest[i : i+logHeader]
		n := int64(binary.LittleEndian.Uint32(h[4:]))
		if int64(len(rest)-i-logHeader) >= n && logSum(h, rest[i+logHeader:][:n]) == binary.LittleEndian.Uint32(h[20:]) {
			return fmt.Errorf("sqlstore: %s is damaged from byte %d to byte %d", f.Name(), at, at+int64(i))
		}
	}
}

// append writes a batch of n decisions, none of which has a number up to floor,
// and returns the number of the first. framed begins with logHeader bytes of room,
// then the batch, and may become longer. expected says that meta.log is 1. The
// caller is inside a transaction.
func (l *batchLog) append(framed *[]byte, n int, floor int64, expected bool) (first int64, err error) {
	if int64(len(*framed)) > 1<<32-1-block {
		return 0, fmt.Errorf("sqlstore: a batch of %d bytes is too large", len(*framed))
	}
	if err := l.open(expected); err != nil {
		return 0, err
	}
	if l.size > logTurn {
		if err := l.turn(); err != nil {
			return 0, err
		}
	}
	first = max(l.last, floor) + 1
	if len(*framed) >= directFrom {
		*framed = append(*framed, make([]byte, -(l.size+int64(len(*framed)))&(block-1))...)
	}
	whole := *framed
	h := whole[:logHeader]
	copy(h, logMagic)
	binary.LittleEndian.PutUint32(h[4:], uint32(len(whole)-logHeader))
	binary.LittleEndian.PutUint64(h[8:], uint64(first))
	binary.LittleEndian.PutUint32(h[16:], uint32(n))
	binary.LittleEndian.PutUint32(h[20:], logSum(h, whole[logHeader:]))
	if err = l.write(whole); err == nil {
		err = l.f.Sync()
	}
	if err != nil {
		l.f.Truncate(l.size) // where that fails too, the next append cuts it off
		l.forget()
		return 0, err
	}
	l.size += int64(len(whole))
	l.last = first + int64(n) - 1
	return first, nil
}

// write writes a frame at the end. A large one goes past the page cache, where the
// system can do that and nobody wrote a small one before: the processor then
// neither copies it nor looks for pages to hold it.
func (l *batchLog) write(framed []byte) error {
	if len(framed) >= directFrom && (l.size|int64(len(framed)))%block == 0 && aligned(framed) {
		if l.direct == nil {
			l.direct = openDirect(l.path)
		}
		if l.direct != nil {
			if _, err := l.direct.WriteAt(framed, l.size); !errors.Is(err, syscall.EINVAL) {
				return err
			}
		}
	}
	_, err := l.f.WriteAt(framed, l.size)
	return err
}

// missing is the error for a log that somebody took away.
func (l *batchLog) missing() error {
	return fmt.Errorf("sqlstore: %s is missing, which holds decisions that are not in the tables yet: put it back beside the record, or make an empty file of that name to go on without them", l.path)
}

// open opens the file to append to it, makes it where there is none, and cuts off
// what is torn.
func (l *batchLog) open(expected bool) error {
	there, err := os.Stat(l.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if l.f != nil && err == nil {
		if mine, err := l.f.Stat(); err == nil && os.SameFile(mine, there) && mine.Size() == l.size {
			return nil
		}
	}
	l.forget()
	made := err != nil
	old, err := os.Open(l.old())
	if err == nil {
		l.last, _, _, err = scan(old, 0)
		old.Close()
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
		if made && expected {
			return l.missing()
		}
	}
	if err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if made {
		err = l.syncFolder()
	}
	var last int64
	if err == nil {
		last, _, l.size, err = scan(f, 0)
	}
	if st, e := f.Stat(); err == nil && e == nil && st.Size() > l.size {
		err = f.Truncate(l.size)
	}
	if err != nil {
		f.Close()
		l.forget()
		return err
	}
	l.f, l.last = f, max(l.last, last)
	return nil
}

// scan reads headers and returns the number of the last decision, 0 where there is
// none, how many decisions over folded there are, and where the last whole frame
// ends.
func scan(f *os.File, folded int64) (last int64, n int, end int64, err error) {
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return 0, 0, 0, err
	}
	for {
		fr, _, err := frameAt(f, end, st.Size(), false)
		if err == errTorn {
			return last, n, end, nil
		}
		if err != nil {
			return 0, 0, 0, err
		}
		if end, last = end+fr.size, fr.last(); last > folded {
			n += fr.n
		}
	}
}

// turn makes the file the old one and begins another, unless there is an old one
// still. The caller is inside a transaction and has opened the file.
func (l *batchLog) turn() error {
	if _, err := os.Stat(l.old()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	last := l.last
	l.forget()
	if err := os.Rename(l.path, l.old()); err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	l.f, l.last = f, last
	return l.syncFolder()
}

func (l *batchLog) syncFolder() error {
	d, err := os.Open(filepath.Dir(l.path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// forget closes the file.
func (l *batchLog) forget() {
	if l.f != nil {
		l.f.Close()
	}
	if l.direct != nil {
		l.direct.Close()
	}
	l.f, l.direct, l.size, l.last = nil, nil, 0, 0
}

// files opens the files that are there, the old one first. The new one is opened
// before: if it is turned meanwhile, both are the same.
func (l *batchLog) files() (fs []*os.File, err error) {
	for _, p := range []string{l.path, l.old()} {
		f, err := os.Open(p)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			closeAll(fs)
			return nil, err
		}
		fs = append(fs, f)
	}
	slices.Reverse(fs)
	return fs, nil
}

func closeAll(fs []*os.File) {
	for _, f := range fs {
		f.Close()
	}
}

// pending returns how many decisions are numbered over folded, the last number,
// and the bytes of the files.
func (l *batchLog) pending(folded int64) (n int, last, bytes int64, err error) {
	fs, err := l.files()
	defer closeAll(fs)
	for _, f := range fs {
		end, more, size, err := scan(f, folded)
		if err != nil {
			return 0, 0, 0, err
		}
		n, last, bytes = n+more, max(last, end), bytes+size
	}
	return n, last, bytes, err
}

// next reads batches of decisions over folded, up to about that many decisions
// and bytes, and returns the number of the last.
func (l *batchLog) next(folded int64, decisions, bytes int) (ds []*audit.Decision, last int64, err error) {
	fs, err := l.files()
	defer closeAll(fs)
	for _, f := range fs {
		if ds, last, err = l.nextOf(f, folded, decisions, bytes); err != nil || len(ds) > 0 {
			break
		}
	}
	return ds, last, err
}

func (l *batchLog) nextOf(f *os.File, folded int64, decisions, bytes int) (ds []*audit.Decision, last int64, err error) {
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return nil, 0, err
	}
	if fr, _, err := frameAt(f, 0, st.Size(), false); err != nil || fr.first != l.begins {
		l.begins, l.offset = fr.first, 0
	}
	size := 0
	for at := l.offset; len(ds) < decisions && size < bytes; {
		fr, b, err := frameAt(f, at, st.Size(), true)
		if err == errTorn {
			break
		}
		if err != nil {
			return nil, 0, err
		}
		at += fr.size
		if fr.last() <= folded {
			l.offset = at
			continue
		}
		more, err := decode(unsafe.String(unsafe.SliceData(b), len(b))) // nobody writes to b
		if err != nil {
			return nil, 0, err
		}
		if len(more) != fr.n {
			return nil, 0, errDamaged
		}
		for i, d := range more {
			d.ID = audit.ID(fr.first) + audit.ID(i)
		}
		ds, size, last = append(ds, more...), size+len(b), fr.last()
	}
	return ds, last, nil
}

// drop takes away the files that hold nothing over folded, the old one alone or
// both, and reports whether none is left. It says so before it takes away the
// last one with sure false. The caller is inside a transaction.
func (l *batchLog) drop(folded int64, both, sure bool) (none bool, err error) {
	for _, p := range []string{l.old(), l.path} {
		if p == l.path && !both {
			return false, nil
		}
		f, err := os.Open(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		last, _, _, err := scan(f, folded)
		f.Close()
		if err != nil || last > folded {
			return false, err
		}
		if both && !sure {
			continue
		}
		if p == l.path {
			l.forget()
		}
		if err := os.Remove(p); err != nil {
			return false, err
		}
	}
	return both, nil
}
