# One process that serves the REST paths of all functions (docs/operations.md). test/trust/container.test.ts runs these same steps without Docker.
FROM node:20.20.2-bookworm-slim@sha256:2cf067cfed83d5ea958367df9f966191a942351a2df77d6f0193e162b5febfc0 AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY container container
COPY functions functions
COPY shared shared
COPY scripts scripts
RUN npm run build:container

FROM node:20.20.2-bookworm-slim@sha256:2cf067cfed83d5ea958367df9f966191a942351a2df77d6f0193e162b5febfc0
ENV NODE_ENV=production TZ=UTC PORT=3000 DB_POOL=10
WORKDIR /app
COPY --from=build /app/dist/container/functions/container .
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/healthz').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "index.js"]
