# Portcullis from its sources: one static binary and nothing else.
#
#   docker build -t portcullis:dev .          everything in containers
#   make image                                the binary built here, only put together in a container
#
# `make pin` writes the digests of the two bases behind their tags, wherever a registry can be asked.

ARG RUST=rust:1.95.0-bookworm
ARG SHELL_BASE=busybox:1.37.0

# The dependencies alone: this layer stays until Cargo.lock changes.
FROM ${RUST} AS dependencies
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /src
ENV CARGO_TARGET_DIR=/target
COPY Cargo.toml Cargo.lock ./
COPY .cargo ./.cargo
COPY crates ./crates
COPY tests/tools/static-binary tests/tools/
RUN mkdir -p src bench tests/it && touch src/lib.rs tests/it/main.rs \
    && echo 'fn main() {}' | tee src/main.rs > bench/main.rs \
    && cargo fetch --locked --target "$(rustc -vV | sed -n 's/^host: //p')"
RUN --network=none CARGO_NET_OFFLINE=true tests/tools/static-binary dependencies

FROM dependencies AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
COPY docs/openapi.json ./docs/
COPY src ./src
RUN --network=none touch src/main.rs src/lib.rs \
    && binary=$(CARGO_NET_OFFLINE=true tests/tools/static-binary) \
    && mkdir -p /parts/data && mv "$binary" /parts/portcullis \
    && cp /etc/ssl/certs/ca-certificates.crt /parts/ca-certificates.crt

# What the image is put together from: `/portcullis`, `/ca-certificates.crt` and an empty `/data`.
# Whoever has them already gives this stage another content with --build-context parts=FOLDER.
FROM scratch AS parts
COPY --from=build /parts /

FROM scratch AS portcullis
COPY --from=parts /ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=parts --chown=65532:65532 /data /data
COPY --from=parts --chmod=0555 /portcullis /portcullis
ENV PORTCULLIS_PUBLIC_LISTEN=0.0.0.0:3000 \
    PORTCULLIS_INTERNAL_LISTEN=0.0.0.0:9000 \
    PORTCULLIS_DATA_DIR=/data \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
EXPOSE 3000 9000
USER 65532:65532
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Portcullis" \
    org.opencontainers.image.description="The gate of a Kubernetes cluster: signs people in and tells every other service who is calling" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
ENTRYPOINT ["/portcullis"]

# The same with a shell, for looking around: --target debug.
FROM ${SHELL_BASE} AS debug
COPY --from=parts /ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=parts --chown=65532:65532 /data /data
COPY --from=parts --chmod=0555 /portcullis /portcullis
ENV PORTCULLIS_PUBLIC_LISTEN=0.0.0.0:3000 \
    PORTCULLIS_INTERNAL_LISTEN=0.0.0.0:9000 \
    PORTCULLIS_DATA_DIR=/data \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
ENTRYPOINT ["/portcullis"]

# For `skaffold dev`: with a shell that runs whatever binary is brought to it.
FROM debug AS dev
COPY --chmod=0555 k8s/dev-loop/supervise k8s/dev-loop/smoke /
ENTRYPOINT ["/bin/sh", "/supervise"]

# The last stage is what is built when nobody names one.
FROM portcullis
