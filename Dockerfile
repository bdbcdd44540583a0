# The static program and nothing else. The release workflow lays the programs out as dist/linux/<architecture>/pullgate:
#   docker buildx build --platform linux/amd64,linux/arm64 .
#   docker run --rm -v "$PWD:/work" ghcr.io/pullgate/pullgate check app.yaml --offline
FROM scratch
ARG TARGETARCH
COPY --chmod=755 dist/linux/${TARGETARCH}/pullgate /pullgate
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["/pullgate"]
