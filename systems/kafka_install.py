"""Apache Kafka's jars, from Maven Central into the cache folder, and a Java that can run them.

Source: the artifact org.apache.kafka:kafka_2.13; Apache Kafka's documentation on Java versions.
Left out: checking of signatures beyond what Maven does (checksums).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from checkers.verdict import UserError

VERSION = "4.1.0"
JAVA_MIN = 17
INSTALL_SECONDS = 900
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>logproof</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{version}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
"""
"""The broker, and a logging binding that writes to standard error."""


def jars_folder() -> Path:
    """Where the jars are, or would be."""
    from checkers.explore.compile import cache_folder  # noqa: PLC0415 - it loads numba, which the other systems can spare

    return cache_folder() / f"apache-kafka-{VERSION}" / "jars"


def installed_jars() -> Path:
    """The folder with the jars. Raises UserError if they are not installed."""
    folder = jars_folder()
    if not (folder / f"kafka_2.13-{VERSION}.jar").is_file():
        raise UserError(f"Apache Kafka {VERSION} is not installed in {folder}: logproof systems install kafka")
    return folder


def java() -> str:
    """The program java. Raises UserError if there is none, or it is too old."""
    program = shutil.which("java")
    if program is None:
        raise UserError(f"there is no program java on the path; Apache Kafka {VERSION} needs Java {JAVA_MIN} or newer")
    answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - fixed
    found = re.search(r'version "(\d+)', answer.stderr + answer.stdout)
    if found is None or int(found[1]) < JAVA_MIN:
        text = (answer.stderr + answer.stdout).strip().partition("\n")[0]
        raise UserError(f"{program} says {text!r}; Apache Kafka {VERSION} needs Java {JAVA_MIN} or newer")
    return program


def install(tell: Callable[[str], None]) -> Path:
    """Fetch the jars, once; returns their folder. Raises UserError saying what is missing or what Maven said."""
    java()
    folder = jars_folder()
    if (folder / f"kafka_2.13-{VERSION}.jar").is_file():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise UserError("there is no program mvn on the path: install Apache Maven, which fetches Apache Kafka's jars")
    folder.parent.mkdir(parents=True, exist_ok=True)
    pom = folder.parent / "pom.xml"
    pom.write_text(POM.format(version=VERSION), encoding="utf-8")
    tell(f"fetching Apache Kafka {VERSION} from Maven Central, about 45 MB, into {folder}")
    partial = folder.with_name("jars.partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [maven, "-B", "-q", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed but for the folder
            command, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"mvn has not fetched Apache Kafka's jars in {INSTALL_SECONDS} s: is the network there?"
        ) from None
    if done.returncode != 0:
        words = (done.stdout + done.stderr).strip().splitlines()
        raise UserError("mvn can't fetch Apache Kafka's jars:\n  " + "\n  ".join(words[:5]))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return folder
