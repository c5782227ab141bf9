# One image for every process of Publisher: `docker run publisher web`, `worker`, `beat`, `migrate`.
# Without a command it runs everything, the embedded servers too, on the volume /data.

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
WORKDIR /app
COPY requirements.txt ./
RUN /venv/bin/pip install --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE worker.py ./
COPY config config
COPY docs docs
COPY publisher publisher
COPY tasks tasks
COPY templates templates
RUN /venv/bin/pip install --no-deps --no-build-isolation --editable . && /venv/bin/python -m compileall -q publisher tasks config worker.py

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin publisher \
    && install -d -o publisher -g publisher -m 0700 /data /data/media
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PUBLISHER_DATA_DIR=/data \
    PUBLISHER_BIND=0.0.0.0 \
    PUBLISHER_LOG_FORMAT=json
USER publisher
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["publisher"]
CMD ["up"]
