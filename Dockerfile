FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
ARG TARGETARCH=amd64
WORKDIR /source

# What changes rarely comes first: the packages stay in the layer cache while the code changes.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/JobService/JobService.csproj src/JobService/packages.lock.json src/JobService/
RUN dotnet restore src/JobService --arch "$TARGETARCH" --locked-mode -p:PublishReadyToRun=true

COPY src/JobService/ src/JobService/
RUN dotnet publish src/JobService --no-restore --configuration Release --arch "$TARGETARCH" --self-contained false -p:PublishReadyToRun=true --output /app \
 && mkdir /data

# No shell, no package manager, a user of its own (1654).
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra
WORKDIR /app
COPY --from=build /app ./
COPY --from=build --chown=1654:1654 /data /data
ENV JobService__Storage__Path=/data/jobs.db
USER 1654
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["./JobService", "healthcheck"]
ENTRYPOINT ["./JobService"]
