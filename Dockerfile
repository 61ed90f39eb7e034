# The bridge as a container. Built from the packed package alone, so that an air-gapped site builds it too:
#   npm pack && docker build --build-arg PACKAGE=coder-scim-0.1.0.tgz --tag coder-scim .
# With dependencies from a folder instead of a registry: --build-arg NPM_OPTIONS="--offline --cache /context/npm-cache", and a
# context that has that folder.
ARG NODE_VERSION=22
FROM node:${NODE_VERSION}-bookworm-slim AS build
ARG PACKAGE
ARG NPM_OPTIONS=""
WORKDIR /opt/coder-scim
COPY ${PACKAGE} /tmp/coder-scim.tgz
COPY . /context
# No part of the bridge needs an install script; what the constructs need is not for the bridge.
# The version is that of the package that was copied in.
# hadolint ignore=DL3016,SC2086
RUN npm install --omit=dev --omit=peer --ignore-scripts --no-audit --no-fund --prefix . ${NPM_OPTIONS} /tmp/coder-scim.tgz

FROM node:${NODE_VERSION}-bookworm-slim
LABEL org.opencontainers.image.title="coder-scim" \
      org.opencontainers.image.description="SCIM 2.0 groups, roles and organizations for Coder" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/coder-scim /opt/coder-scim
# A number, so that Kubernetes can see that it is not root. The state directory is all that is written.
RUN ln -s /opt/coder-scim/node_modules/.bin/coder-scim /usr/local/bin/coder-scim \
 && install -d -m 0700 -o 10001 -g 10001 /var/lib/coder-scim
USER 10001:10001
ENV NODE_ENV=production \
    CODER_SCIM_LISTEN=:8399 \
    CODER_SCIM_STATE_DIR=/var/lib/coder-scim
VOLUME /var/lib/coder-scim
EXPOSE 8399
# Whether the process lives; whether it can work is /readyz, on which nothing is restarted.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8399/healthz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["coder-scim"]
CMD ["serve"]
