# syntax=docker/dockerfile:1
# A filter between two pipes: docker run -i --rm scrub < dump.sql > safe.sql

FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin scrub \
    && install -D -m 755 target/release/scrub /out/usr/local/bin/scrub \
    && strip /out/usr/local/bin/scrub \
    && install -D -m 644 -t /out/usr/share/doc/scrub README.md LICENSE-MIT LICENSE-APACHE

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="scrub" \
      org.opencontainers.image.description="Rewrites a database dump in flight so that it is safe for a test bed" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /out/ /
# Nobody in particular. What is mounted for -o, --report and --spool-dir has to be writable for this number.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["scrub"]
