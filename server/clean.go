package server

import (
	"context"
	"time"

	"winnow/clean"
	"winnow/extract"
	pb "winnow/proto/winnow/v1"
	"winnow/text"
)

// cleanService serves winnow.v1.CleanService.
type cleanService struct {
	pb.UnimplementedCleanServiceServer
	*Server
	around  *calls
	unpack  inflater
	streams chan struct{} // a place for every CleanStream call
}

// Clean implements winnow.v1.CleanService.
func (s *cleanService) Clean(ctx context.Context, req *pb.CleanRequest) (*pb.CleanResponse, error) {
	p, err := s.plan(req.GetOptions())
	if err != nil {
		return nil, err
	}
	res, err := s.clean(ctx, req.GetDocument(), p, true)
	if err != nil {
		return nil, err
	}
	return &pb.CleanResponse{Result: res}, nil
}

// Explain implements winnow.v1.CleanService.
func (s *cleanService) Explain(ctx context.Context, req *pb.ExplainRequest) (*pb.ExplainResponse, error) {
	p, err := s.plan(req.GetOptions())
	if err != nil {
		return nil, err
	}
	place, err := placeOf(req)
	if err != nil {
		return nil, err
	}
	return onDocument(ctx, s, req.GetDocument(), true, func(ctx context.Context, in clean.Input, _ time.Duration) (*pb.ExplainResponse, error) {
		engine, err := p.engine()
		if err != nil {
			return nil, err
		}
		why, res, err := engine.ExplainAt(ctx, in, func(t string) (text.Span, error) {
			span := text.Span{Start: text.ByteOffset(t, p.unit, place.Start), End: text.ByteOffset(t, p.unit, place.End)}
			if span.Empty() || p.unit == text.Bytes && span != place {
				return span, invalid(extract.InvalidOption, violation{"place", "lies outside the extracted text"})
			}
			return span, nil
		}, p.options)
		if err != nil {
			return nil, err
		}
		return explanationOf(why, res, p, isSource(in, res)), nil
	})
}
