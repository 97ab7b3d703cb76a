package model

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// The file of weights, gzipped: the magic, the two least scores as 32-bit
// little-endian integers, and the weights of the two layers, a byte each.
const magic = "winnow-model-1\n"

// FileName is the name of the file of weights.
const FileName = "weights.bin.gz"

// Write writes m to folder. The same weights give the same bytes.
func Write(folder string, m *Model) error {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	raw := []byte(magic)
	raw = binary.LittleEndian.AppendUint32(raw, uint32(m.Edge))
	raw = binary.LittleEndian.AppendUint32(raw, uint32(m.Inside))
	for _, w := range m.First {
		raw = append(raw, byte(w))
	}
	for _, w := range m.Second {
		raw = append(raw, byte(w))
	}
	if _, err := z.Write(raw); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, FileName), b.Bytes(), 0o666)
}

// Read reads a file of weights.
func Read(file []byte) (*Model, error) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, 1<<21))
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if want := len(magic) + 8 + 1<<Bits + 1<<Bits2; len(raw) != want || string(raw[:len(magic)]) != magic {
		return nil, fmt.Errorf("model: not a file of weights of this version: %d bytes, want %d", len(raw), want)
	}
	raw = raw[len(magic):]
	m := New()
	m.Edge = int32(binary.LittleEndian.Uint32(raw))
	m.Inside = int32(binary.LittleEndian.Uint32(raw[4:]))
	for i := range m.First {
		m.First[i] = int8(raw[8+i])
	}
	for i := range m.Second {
		m.Second[i] = int8(raw[8+1<<Bits+i])
	}
	return m, nil
}
