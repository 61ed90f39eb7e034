# The bridge as a container. Built from packed packages alone, so that an air-gapped site builds it too:
#   npm pack && npm pack better-sqlite3@13 node-addon-api@8
#   docker build --network=none --tag coder-scim .
# The folder has those three .tgz files beside this one; docs/installing.md says what each is for. Nothing is compiled or downloaded.
ARG NODE_VERSION=22
FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /opt/coder-scim
COPY *.tgz /packages/
# No package runs an install script, and none is asked of a registry: what is not in the folder is an error.
# hadolint ignore=DL3016
RUN npm install --offline --ignore-scripts --omit=dev --no-audit --no-fund --prefix . /packages/*.tgz

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
