# The bot on an NVIDIA GPU. Weights and data are volumes; the image holds code and libraries only.
#   docker compose up            (see compose.yaml)
FROM python:3.11-slim AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1
COPY constraints.txt pyproject.toml README.md ./
# The registry's build of torch carries the CUDA libraries that the driver on the host needs.
RUN pip install --no-cache-dir --constraint constraints.txt torch==2.13.0 torchvision==0.28.0
COPY bot bot
COPY engines engines
COPY handlers handlers
COPY migrations migrations
COPY training training
COPY bot.toml ./
RUN pip install --no-cache-dir --constraint constraints.txt --editable '.[faces]'

FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 tini && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 painter && install -d -o painter /data /weights
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER painter
VOLUME ["/data", "/weights"]
# tini hands SIGTERM on, so that running jobs go back to the queue before the container ends.
ENTRYPOINT ["tini", "--", "kandinsky-bot"]
CMD ["run", "--data", "/data"]
