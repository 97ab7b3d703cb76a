package server

import (
	"bytes"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	protocodec "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// A lenient codec is gRPC's own for protocol buffers, but for messages that cannot
// be decoded. gRPC would end the call with INTERNAL, and with it a stream of a
// million documents. Here such a message comes empty, with a field that no message
// has, and decoded tells of it: an item of a stream gets an error of its own.
type lenient struct{ encoding.CodecV2 }

func newCodec() lenient { return lenient{encoding.GetCodecV2(protocodec.Name)} }

// brokenField is the number of the field, the last that there is. Who sends it is
// told that the message is broken, and has done that.
const brokenField protowire.Number = 1<<29 - 1

var brokenTag = protowire.AppendTag(nil, brokenField, protowire.BytesType)

// Unmarshal is encoding.CodecV2's.
func (c lenient) Unmarshal(data mem.BufferSlice, v any) error {
	err := c.CodecV2.Unmarshal(data, v)
	m, ok := v.(proto.Message)
	if err == nil || !ok {
		return err
	}
	why := "it is cut off, or is no " + string(m.ProtoReflect().Descriptor().FullName())
	if strings.Contains(err.Error(), "UTF-8") {
		why = "a string in it is not UTF-8 (html and text are bytes, and may be anything)"
	}
	proto.Reset(m)
	m.ProtoReflect().SetUnknown(protowire.AppendString(bytes.Clone(brokenTag), why))
	return nil
}

// decoded returns an error for a message that could not be decoded.
func decoded(msg any) error {
	m, ok := msg.(proto.Message)
	if !ok {
		return nil
	}
	why, ok := bytes.CutPrefix(m.ProtoReflect().GetUnknown(), brokenTag)
	if !ok {
		return nil
	}
	b, _ := protowire.ConsumeBytes(why)
	return fail(codes.InvalidArgument, messageBroken, "the message cannot be decoded: "+string(b))
}

// isBroken reports whether err is decoded's.
func isBroken(err error) bool { return err != nil && reasonOf(err) == string(messageBroken) }
