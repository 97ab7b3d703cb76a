package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// tracesDrain is how long the last spans may take to their collector at the end.
const tracesDrain = 5 * time.Second

// tracing sends a span for each call to the OTLP collector at endpoint, a URL such
// as http://127.0.0.1:4317, and returns what makes the spans and what sends the
// last of them. Where endpoint is empty the variables of OpenTelemetry decide, and
// without those nothing is traced: the provider is nil.
func tracing(ctx context.Context, endpoint string, log *slog.Logger) (trace.TracerProvider, func(), error) {
	var opts []otlptracegrpc.Option
	switch {
	case endpoint != "":
		if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, nil, fmt.Errorf("--traces %q is no address of a collector, such as http://127.0.0.1:4317", endpoint)
		}
		opts = append(opts, otlptracegrpc.WithEndpointURL(endpoint))
	case os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "":
		return nil, func() {}, nil
	}
	exporter, err := otlptracegrpc.New(ctx, opts...) // connects when there is something to send
	if err != nil {
		return nil, nil, fmt.Errorf("--traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces are lost", "error", err) }))
	who, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "winnow"), attribute.String("service.version", version())),
		resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, nil, fmt.Errorf("--traces: %w", err)
	}
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(who))
	return p, func() {
		ctx, cancel := context.WithTimeout(context.Background(), tracesDrain)
		defer cancel()
		if err := p.Shutdown(ctx); err != nil {
			log.Warn("traces are lost", "error", err)
		}
	}, nil
}
