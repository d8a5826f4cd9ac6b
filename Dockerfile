FROM node:22-slim AS build
WORKDIR /app
# Before the sources, so that a change of those leaves the layer of packages as it is.
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build

FROM node:22-slim
# The running image installs no packages: dist contains them.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack
# On this host the gateway starts only with authentication: see docs/security.md.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=build /app/dist dist
COPY package.json schema.graphql ./
# By number, so that Kubernetes can verify that it is not root.
USER 1000:1000
EXPOSE 4000
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node is the first process, because npm and shells do not forward SIGTERM.
CMD ["node", "dist/cli/main.js"]
