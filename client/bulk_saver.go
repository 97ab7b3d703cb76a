package client

import (
	"context"

	"winnow/archive"
)

// A saver saves checkpoints by a goroutine of its own, so that cleaning does not
// wait for the disk. Of those that come while it saves one it takes the last.
type saver struct {
	next  chan *archive.Checkpoint // holds one
	done  chan struct{}
	err   error
	saved *archive.Checkpoint // the last one; nil where there is none
}

func newSaver(save func(*archive.Checkpoint) error, failed context.CancelCauseFunc) *saver {
	s := &saver{next: make(chan *archive.Checkpoint, 1), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for c := range s.next {
			if s.err = save(c); s.err != nil {
				failed(s.err)
				return
			}
			s.saved = c
		}
	}()
	return s
}

// begin hands on a checkpoint. It is called by one goroutine.
func (s *saver) begin(c *archive.Checkpoint) {
	select {
	case <-s.next: // the one that waits is older
	default:
	}
	s.next <- c
}

// wait ends the saver and waits for it.
func (s *saver) wait() error {
	close(s.next)
	<-s.done
	return s.err
}
