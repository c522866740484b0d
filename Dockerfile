# session-mock as a container: `docker build -t session-mock .`; docs/howto/container.md shows its use.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY mockserver mockserver
# Compiled when it is installed, because nothing can be written later. Plots and SQL are for people at a terminal.
RUN python3 -m venv /opt/session-mock && \
    /opt/session-mock/bin/pip install --no-cache-dir --disable-pip-version-check ".[encodings,locales,tls]"

FROM ${BASE}
COPY --from=build /opt/session-mock /opt/session-mock
# Variables, not options of CMD: `docker run -e SESSION_MOCK_…` can override each of them.
ENV PATH=/opt/session-mock/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SESSION_MOCK_HOST=0.0.0.0 \
    SESSION_MOCK_PORT=8080
# A number, so that a cluster can see that it is not root.
USER 65532:65532
WORKDIR /tmp
EXPOSE 8080
# Any answer is healthy: the admin API may need a token, which the check does not have, or be off.
# Without --start-interval, which older builders do not know, the first check is after one interval.
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s \
    CMD ["python3", "-IS", "-c", "import os, http.client as h; v = os.environ; c = h.HTTPConnection('127.0.0.1', int(v.get('SESSION_MOCK_ADMIN_PORT') or v['SESSION_MOCK_PORT']), timeout=2); c.request('GET', '/__admin/health'); c.getresponse()"]
ENTRYPOINT ["session-mock"]
CMD ["serve"]
