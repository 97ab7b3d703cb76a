package server

import (
	"context"

	"google.golang.org/grpc/codes"

	pb "winnow/proto/winnow/v1"
)

// auditService answers for a server that keeps no record.
type auditService struct {
	pb.UnimplementedAuditServiceServer
}

// ListDecisions implements winnow.v1.AuditService.
func (auditService) ListDecisions(context.Context, *pb.ListDecisionsRequest) (*pb.ListDecisionsResponse, error) {
	return nil, noRecordKept()
}

// GetDecision implements winnow.v1.AuditService.
func (auditService) GetDecision(context.Context, *pb.GetDecisionRequest) (*pb.GetDecisionResponse, error) {
	return nil, noRecordKept()
}

func noRecordKept() error {
	return fail(codes.Unimplemented, noRecord, "this server keeps no record of decisions")
}
