"""The AWS SDK for Java, version 2."""

from pathlib import Path

from interop.client import CACHES, Client, call

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def _fetch(folder: Path) -> None:
    call(
        [
            "mvn",
            "-q",
            "-B",
            f"-Dmaven.repo.local={CACHES / 'maven'}",
            _COPY,
            "-DoutputDirectory=jars",
        ],
        folder,
    )
    call(["javac", "-cp", "jars/*", "-d", "classes", "Identity.java"], folder)


def _java(folder: Path, *arguments: str) -> list[str]:
    return ["java", "-cp", f"{folder}/jars/*:{folder}/classes", "Identity", *arguments]


CLIENT = Client(
    name="java",
    title="AWS SDK for Java v2",
    package="Maven Central software.amazon.awssdk:sts",
    needs={"mvn": "Maven", "javac": "a JDK", "java": "a JDK"},
    fetch=_fetch,
    command=_java,
    version=lambda folder: _java(folder, "version"),
)
