# docker build -t winnow . && docker run -p 7464:7464 -v ./tls:/tls:ro winnow
#
# The server listens beyond loopback, so it wants TLS: server.pem and server.key
# in /tls. Rule folders go to /rules; send SIGHUP to have them read again.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /winnow ./cmd/winnow && mkdir /rules

FROM scratch
COPY --from=build /winnow /winnow
COPY --from=build /rules /rules
USER 65534:65534
EXPOSE 7464
STOPSIGNAL SIGTERM
ENTRYPOINT ["/winnow"]
CMD ["serve", "--listen", "0.0.0.0:7464", "--tls-cert", "/tls/server.pem", "--tls-key", "/tls/server.key", "--rules", "/rules", "--log", "json"]
