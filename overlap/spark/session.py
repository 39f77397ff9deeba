"""A Spark session in which nothing of a run lies open: on the network, on a disk, in a log or on a web page.

Spark's own defaults encrypt nothing. Ours set network and disk encryption and authentication; a cluster that
cannot do these is refused, and so is a session of somebody else without them.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import overlap
from overlap.errors import OverlapError, Refused, UsageError

if TYPE_CHECKING:
    from overlap.keys import RandomBytes

#: Of every session of ours. See "Spark Security" in Spark's documentation. Arrow batches of this many rows
#: are a few MB of accounts; a progress bar of Spark's would overwrite our own.
_SETTINGS: Final = {
    "spark.app.name": "overlap",
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.authEngineVersion": "2",
    "spark.network.crypto.cipher": "AES/GCM/NoPadding",
    "spark.io.encryption.enabled": "true",
    "spark.io.encryption.keySizeBits": "256",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
}

#: Of a session on this machine alone: nothing listens beyond the loopback interface.
_HERE: Final = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
}
_LOOPBACK: Final = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "localhost"}

INSTALL_HINT: Final = "pip install 'account-overlap[spark]', and install Java 17 or newer"


def open_session(
    master: str, settings: Mapping[str, str] | None = None, random: RandomBytes = secrets.token_bytes
) -> Any:
    """A new Spark session at `master`, a URL as Spark takes it, with our settings and then `settings`.

    `local[…]` and `local-cluster[…]` masters run on this machine, on loopback only, with a network key drawn
    by `random`. Other masters take the key from the cluster, or from `spark.authenticate.secret` in the
    user's `spark-defaults.conf`. Close it by `close_session`.

    Raises UsageError without pyspark or with a session already in this process, Refused when the cluster or
    `settings` leave network or disk unencrypted, OverlapError when Spark does not start.
    """
    pyspark = import_pyspark()
    with quiet():
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession

    if pyspark.SparkContext._active_spark_context is not None:
        raise UsageError("a Spark session is open in this process already", "pass that session, or stop it")
    here = master.startswith("local")
    chosen = _SETTINGS | (_here(random) if here else {}) | dict(settings or {}) | {"spark.master": master}
    try:
        with quiet(), _environment(_LOOPBACK if here else {}):
            # The gateway is started without settings, because it would take them on its command line, where
            # every user of the machine could read the network key.
            gateway = pyspark.SparkContext._gateway or launch_gateway()
            conf = pyspark.SparkConf(loadDefaults=False)
            for name, value in chosen.items():
                conf.set(name, value)
            session = SparkSession(pyspark.SparkContext(conf=conf, gateway=gateway))
            session.sparkContext.setLogLevel("ERROR")
    except (Py4JError, PySparkException, OSError) as error:
        raise _not_started(error) from None
    try:
        require_sealed(session)
    except Refused:
        session.stop()
        raise
    return session


def close_session(session: Any) -> None:
    """Stop a session of `open_session` and remove what its executors on this machine left behind."""
    context = session.sparkContext
    name, master = str(context.applicationId), str(context.master)
    session.stop()
    if master.startswith("local-cluster"):
        from pyspark.find_spark_home import _find_spark_home

        # Workers of a local cluster write their executors' output below Spark's own folder, and leave it.
        shutil.rmtree(Path(_find_spark_home()) / "work" / name, ignore_errors=True)


def require_sealed(session: Any) -> None:
    """Return when the session encrypts network and disk; else Refused, naming the setting."""
    set_to = dict(session.sparkContext.getConf().getAll())

    def on(name: str) -> bool:
        return bool(set_to.get(name, "").lower() == "true")

    network = on("spark.authenticate") and (on("spark.network.crypto.enabled") or on("spark.ssl.rpc.enabled"))
    # A master inside this process has no network and no other process.
    if not network and not str(session.sparkContext.master).startswith("local["):
        raise Refused(
            "this Spark sends data unencrypted between its processes",
            "set spark.authenticate and spark.network.crypto.enabled to true",
        )
    if not on("spark.io.encryption.enabled"):
        raise Refused(
            "this Spark writes its temporary files unencrypted", "set spark.io.encryption.enabled to true"
        )


def import_pyspark() -> Any:
    """The module pyspark; UsageError when it is not installed."""
    try:
        import pyspark
    except ImportError:
        raise UsageError("the engine 'spark' needs the package pyspark", INSTALL_HINT) from None
    return pyspark


@contextmanager
def quiet() -> Generator[None]:
    """Without pyspark's warning about new pandas: Spark converts no pandas table of ours."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


@contextmanager
def judging_spark() -> Generator[None]:
    """Turn what Spark raises into OverlapError, without its text: that may quote cells of the data."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException) as error:
        condition = getattr(error, "getCondition", lambda: None)()
        named = f" ({condition})" if condition else f" ({type(error).__name__})"
        raise OverlapError(
            f"the Spark job failed{named}",
            "look into the executors' own logs; account-overlap must be installed there in this version",
        ) from None


def _here(random: RandomBytes) -> dict[str, str]:
    """Settings for executors on this machine: this Python, this checkout or wheel, a key of their own."""
    home = str(Path(overlap.__file__).resolve().parent.parent)
    path = os.pathsep.join([home, *(entry for entry in sys.path if entry)])
    return _HERE | {
        "spark.authenticate.secret": random(32).hex(),
        "spark.pyspark.python": sys.executable,
        "spark.executorEnv.PYTHONPATH": path,
    }


@contextmanager
def _environment(variables: Mapping[str, str]) -> Generator[None]:
    """These variables for the processes that are started inside the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _not_started(error: Exception) -> OverlapError:
    if "spark.authenticate.secret" in str(error):
        return Refused(
            "this Spark cluster has no key to encrypt its network with",
            "set spark.authenticate.secret in the cluster's and your own spark-defaults.conf",
        )
    condition = getattr(error, "getCondition", lambda: None)()
    if condition == "JAVA_GATEWAY_EXITED" or isinstance(error, OSError):
        return UsageError("Java could not be started for Spark", INSTALL_HINT)
    return OverlapError(
        "the Spark session did not start", "check the URL of --master and the logs of the cluster"
    )
