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

// The file of weights, gzipped: the magic, the least score and the number of
// trees as 32-bit little-endian integers, the weights of the first layer, a
// byte each, and the trees.
const magic = "winnow-model-3\n"

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
	raw = binary.LittleEndian.AppendUint32(raw, uint32(m.Least))
	raw = binary.LittleEndian.AppendUint32(raw, uint32(len(m.Trees)))
	for _, w := range m.First {
		raw = append(raw, byte(w))
	}
	if _, err := z.Write(raw); err != nil {
		return err
	}
	if err := binary.Write(z, binary.LittleEndian, m.Trees); err != nil {
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
	const header = len(magic) + 8
	if len(raw) < header+1<<Bits || string(raw[:len(magic)]) != magic {
		return nil, fmt.Errorf("model: not a file of weights of this version: %d bytes", len(raw))
	}
	m := New()
	m.Least = int32(binary.LittleEndian.Uint32(raw[len(magic):]))
	trees := int(binary.LittleEndian.Uint32(raw[len(magic)+4:]))
	for i := range m.First {
		m.First[i] = int8(raw[header+i])
	}
	raw = raw[header+1<<Bits:]
	if trees*binary.Size(Tree{}) != len(raw) {
		return nil, fmt.Errorf("model: %d bytes of trees, not %d of %d each", len(raw), trees, binary.Size(Tree{}))
	}
	m.Trees = make([]Tree, trees)
	if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, m.Trees); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	for i := range m.Trees {
		for _, f := range m.Trees[i].Number {
			if f >= Numbers {
				return nil, fmt.Errorf("model: tree %d asks of number %d", i, f)
			}
		}
	}
	return m, nil
}
