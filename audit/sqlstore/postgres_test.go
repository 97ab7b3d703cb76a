package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The tests run on a PostgreSQL of their own: a cluster in a temporary folder
// that is reached through a socket in it alone. It is started by the first test
// that needs it. PostgreSQL refuses to run as root, so that root runs it as the
// user "nobody".
var cluster struct {
	once sync.Once
	dir  string
	cmd  *exec.Cmd
	skip string
	err  error
	n    atomic.Int64
}

func TestMain(m *testing.M) {
	if path := os.Getenv("WINNOW_TORTURE_CHILD"); path != "" {
		tortureChild(path)
	}
	code := m.Run()
	if cluster.cmd != nil {
		cluster.cmd.Process.Signal(syscall.SIGINT) // a fast shutdown
		cluster.cmd.Wait()
	}
	if cluster.dir != "" {
		os.RemoveAll(cluster.dir)
	}
	os.Exit(code)
}

// openPostgres opens a new record in a schema of its own.
func openPostgres(t testing.TB) *DB {
	s, err := OpenPostgres(context.Background(), newSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// newSchema makes a schema and returns what connects to it.
func newSchema(t testing.TB) (dsn string) {
	cluster.once.Do(startPostgres)
	if cluster.skip != "" {
		t.Skip(cluster.skip)
	}
	if cluster.err != nil {
		t.Fatal(cluster.err)
	}
	schema := fmt.Sprintf("test%d", cluster.n.Add(1))
	run(t, clusterDSN(""), `CREATE SCHEMA `+schema)
	return clusterDSN(schema)
}

// run runs statements in a database.
func run(t testing.TB, dsn, statements string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
}

func clusterDSN(schema string) string {
	q := url.Values{"host": {cluster.dir}, "user": {"winnow"}}
	if schema != "" {
		q.Set("search_path", schema)
	}
	return "postgres:///postgres?" + q.Encode()
}

func startPostgres() {
	bin := postgresFolder()
	if bin == "" {
		cluster.skip = "PostgreSQL's server is not on this machine (Debian: apt-get install postgresql)"
		return
	}
	dir, err := os.MkdirTemp("", "winnow-pg")
	if err != nil {
		cluster.err = err
		return
	}
	cluster.dir = dir
	var as *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		u, err := user.Lookup("nobody")
		if err != nil {
			cluster.err = err
			return
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			cluster.err = err
			return
		}
		as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(bin, name), args...)
		c.Dir, c.SysProcAttr = dir, as
		return c
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-U", "winnow", "-A", "trust", "-E", "UTF8", "--locale=C", "-N").CombinedOutput(); err != nil {
		cluster.err = fmt.Errorf("initdb: %w\n%s", err, out)
		return
	}
	cluster.cmd = command("postgres", "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=100")
	var log strings.Builder
	cluster.cmd.Stderr = &log
	if err := cluster.cmd.Start(); err != nil {
		cluster.cmd, cluster.err = nil, err
		return
	}
	for range 200 {
		db, err := sql.Open("pgx", clusterDSN(""))
		if err == nil {
			err = db.Ping()
			db.Close()
		}
		if err == nil {
			cluster.err = nil
			return
		}
		cluster.err = fmt.Errorf("postgres does not answer: %w", err)
		time.Sleep(50 * time.Millisecond)
	}
}

// postgresFolder returns where the server's programs are, or "".
func postgresFolder() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if p, err := exec.LookPath("initdb"); err == nil {
		found = append(found, p)
	}
	for i := len(found) - 1; i >= 0; i-- {
		dir := filepath.Dir(found[i])
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil {
			return dir
		}
	}
	return ""
}
