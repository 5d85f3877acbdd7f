"""A Spark cluster of one master and two workers on 127.0.0.1, for the tests of one session."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

LOOPBACK = "127.0.0.1"
JAVA = "-Djava.net.preferIPv4Stack=true -XX:+UseSerialGC -XX:TieredStopAtLevel=1"


def missing() -> str | None:
    """What this machine lacks to run Spark; ``None`` = nothing."""
    if find_spec("pyspark") is None:
        return "pyspark is not installed"
    return None if shutil.which("java") else "java is not installed"


@contextmanager
def running_cluster() -> Iterator[tuple[str, dict[str, str]]]:
    """Address of the master, and the settings a session needs to stay on loopback."""
    with tempfile.TemporaryDirectory(prefix="liebian-spark-") as folder, _environment(Path(folder)) as environment:
        processes: list[subprocess.Popen[bytes]] = []
        port = _free_port()
        address = f"spark://{LOOPBACK}:{port}"
        try:
            master = ["master.Master", "--host", LOOPBACK, "--port", str(port), "--webui-port", "0"]
            processes.append(_start(master, environment, Path(folder)))
            _wait_for(port, processes[0])
            worker = [
                "worker.Worker",
                "--host",
                LOOPBACK,
                "--cores",
                "1",
                "--memory",
                "1g",
                "--webui-port",
                "0",
                address,
            ]
            processes += [_start(worker, environment, Path(folder)) for _ in range(2)]
            yield address, _settings(Path(folder))
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                _end(process)


@contextmanager
def _environment(folder: Path) -> Iterator[dict[str, str]]:
    import pyspark

    for name in ("conf", "local", "work"):
        (folder / name).mkdir()
    own = {
        "SPARK_HOME": str(Path(pyspark.__file__).parent),
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_LOCAL_HOSTNAME": LOOPBACK,
        "SPARK_PUBLIC_DNS": LOOPBACK,
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_WORKER_DIR": str(folder / "work"),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_DAEMON_JAVA_OPTS": f"{JAVA} -Dspark.master.rest.enabled=false",
    }
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    try:
        yield dict(os.environ)
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _settings(folder: Path) -> dict[str, str]:
    return {
        "spark.driver.host": LOOPBACK,
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.memory": "640m",
        "spark.executor.memory": "640m",
        "spark.cores.max": "2",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.driver.extraJavaOptions": JAVA,
        "spark.executor.extraJavaOptions": JAVA,
    }


def _start(words: list[str], environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    command = [f"{environment['SPARK_HOME']}/bin/spark-class", f"org.apache.spark.deploy.{words[0]}", *words[1:]]
    with (folder / "daemons.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("the Spark master did not start")


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
