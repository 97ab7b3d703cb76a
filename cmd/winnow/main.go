// Command winnow separates articles from the text that their publisher or
// their archive wrapped around them.
//
// Its exit codes: 0 done, 1 some items failed, 2 wrong usage or input and
// output that do not work.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8/cwriter"
)

func main() {
	tuneMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // some items failed; each has been told of
	exitBroken = 2 // usage, input or output
)

// errFailed is returned by a command that has told of every failure itself.
var errFailed = errors.New("some items failed")

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func run(ctx context.Context, args []string, in io.Reader, out, stderr io.Writer) int {
	root := newRoot(streams{in, out, stderr})
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errFailed):
		return exitFailed
	}
	fmt.Fprintln(stderr, "winnow:", err)
	return exitBroken
}

func newRoot(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "winnow",
		Short: "Separate articles from the text wrapped around them",
		Long: `winnow takes pages and texts, and gives back the article alone, with every
removed span listed: where it stood, what it said, and which rule took it.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(cleanCommand(s), extractCommand(s), explainCommand(s), restoreCommand(s), verifyCommand(s),
		rulesCommand(s), serveCommand(s), learnCommand(s), statsCommand(s), evalCommand(s), auditCommand(s))
	for _, c := range root.Commands() {
		explainArgs(c)
	}
	return root
}

// explainArgs has c and the commands below it show how they are called where
// they are given too few or too many words, and has commands that only hold
// others refuse words that name none of them.
func explainArgs(c *cobra.Command) {
	if !c.Runnable() {
		c.Args = cobra.NoArgs
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	if count := c.Args; count != nil && !c.HasSubCommands() {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := count(c, args); err != nil {
				return fmt.Errorf("%w: %s", err, c.UseLine())
			}
			return nil
		}
	}
	for _, below := range c.Commands() {
		explainArgs(below)
	}
}

// version is the module's, and the commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" {
		v = "(devel)"
	}
	return v + " " + info.GoVersion
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && cwriter.IsTerminal(int(f.Fd()))
}

// buffered calls f with a buffer in front of w and empties it afterwards.
func buffered(w io.Writer, f func(*bufio.Writer) error) error {
	b := bufio.NewWriterSize(w, 1<<16)
	err := f(b)
	if e := b.Flush(); e != nil && (err == nil || errors.Is(err, errFailed)) {
		err = e
	}
	return err
}
