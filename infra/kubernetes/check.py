# SPDX-License-Identifier: Apache-2.0
"""Checks rendered manifests on stdin: schemas of Kubernetes, and that whatever one document names another has."""

import re
import sys
from pathlib import Path

import kubernetes_validate
import yaml

# The oldest one whose StatefulSets number their pods, and the newest one that there are schemas for.
VERSIONS = ("1.28", "1.37")
SETTINGS_PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations" / "settings.md"


def settings():
    """The environment variables of all settings."""
    names = re.findall(r"^\| `([a-z0-9.]+)` ", SETTINGS_PAGE.read_text(), re.MULTILINE)
    return {"MYELIN_" + name.removeprefix("myelin.").replace(".", "_").upper() for name in names}


def selects(selector, labels):
    return selector.items() <= labels.items()


class Check:
    def __init__(self, documents):
        self.documents = documents
        self.problems = []
        self.settings = settings()

    def expect(self, condition, text):
        if not condition:
            self.problems.append(text)

    def named(self, kind):
        return {one["metadata"]["name"]: one for one in self.documents if one["kind"] == kind}

    def all(self):
        for document in self.documents:
            self.schemas(document)
        if self.problems:
            return self.problems
        for name, one in self.named("StatefulSet").items():
            self.stateful_set(name, one["spec"])
        self.quorum()
        return self.problems

    def schemas(self, document):
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                name = f"{document['kind']} {document['metadata']['name']}"
                self.problems.append(f"{name}, Kubernetes {version}: {error.message}")

    def stateful_set(self, name, spec):
        labels, pod = spec["template"]["metadata"]["labels"], spec["template"]["spec"]
        self.expect(selects(spec["selector"]["matchLabels"], labels), f"{name} does not select its own pods")
        governing = self.named("Service").get(spec["serviceName"])
        self.expect(governing and governing["spec"].get("clusterIP") == "None", f"{name} has no headless service")
        self.expect(pod["securityContext"]["runAsNonRoot"] is True, f"{name} may run as root")
        self.expect(pod["enableServiceLinks"] is False, f"{name} gets variables of services")
        apart = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        for rule in apart + pod["topologySpreadConstraints"]:
            self.expect(selects(rule["labelSelector"]["matchLabels"], labels), f"{name} is not kept apart from itself")
        for kind, selector in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
            count = sum(selects(one["spec"][selector]["matchLabels"], labels) for one in self.named(kind).values())
            self.expect(count == 1, f"{name} has {count} documents of kind {kind}")
        volumes = {claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]}
        for container in pod.get("initContainers", []) + pod["containers"]:
            self.container(f"{name}/{container['name']}", container, volumes)
        for container in pod["containers"]:
            self.probes(f"{name}/{container['name']}", container)
        self.ports(labels, {port["name"] for container in pod["containers"] for port in container["ports"]})

    def container(self, where, container, volumes):
        context = container["securityContext"]
        is_confined = context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
        self.expect(is_confined and context["capabilities"]["drop"] == ["ALL"], f"{where} is not confined")
        self.expect("memory" in container["resources"]["requests"], f"{where} asks for no memory")
        mounts = {mount["name"] for mount in container["volumeMounts"]}
        self.expect(mounts <= volumes, f"{where} mounts what is not there")
        maps = {name: one["data"] for name, one in self.named("ConfigMap").items()}
        given = {variable["name"] for variable in container.get("env", [])}
        for source in container.get("envFrom", []):
            name = source["configMapRef"]["name"]
            self.expect(name in maps, f"{where} reads {name}, which is not there")
            given |= maps.get(name, {}).keys()
        for variable in container.get("env", []):
            key = variable.get("valueFrom", {}).get("configMapKeyRef")
            self.expect(not key or key["key"] in maps.get(key["name"], {}), f"{where}: {variable['name']} has no value")
        for variable in sorted(given - self.settings):
            self.expect(not variable.startswith("MYELIN_"), f"{where}: {variable} names no setting")

    def probes(self, where, container):
        ports = {port["name"] for port in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            self.expect(probe in container, f"{where} has no {probe}")
            self.expect(container[probe]["httpGet"]["port"] in ports, f"{where} {probe} asks a port it does not name")

    def ports(self, labels, ports):
        for name, service in self.named("Service").items():
            if selects(service["spec"]["selector"], labels):
                targets = {port["targetPort"] for port in service["spec"]["ports"]}
                self.expect(targets <= ports, f"service {name} leads to ports that are not there")
        for name, policy in self.named("NetworkPolicy").items():
            if selects(policy["spec"]["podSelector"]["matchLabels"], labels):
                allowed = {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
                self.expect(allowed == ports, f"network policy {name} allows {allowed}, and there are {ports}")

    def quorum(self):
        count = self.named("StatefulSet")["myelin-controller"]["spec"]["replicas"]
        hosts = [f"myelin-controller-{index}.myelin-controller:9191" for index in range(count)]
        (data,) = [one["data"] for name, one in self.named("ConfigMap").items() if name.startswith("myelin-settings")]
        self.expect(data["MYELIN_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS"] == ",".join(hosts),
                    "the bootstrap servers are not the controllers")
        self.expect(data["MYELIN_CONTROLLER_QUORUM_VOTERS"] == ",".join(
            f"{index}@{host}" for index, host in enumerate(hosts)), "the voters are not the controllers")


def main(overlay):
    check = Check([document for document in yaml.safe_load_all(sys.stdin) if document])
    problems = check.all()
    for problem in problems:
        print(f"{overlay}: {problem}", file=sys.stderr)
    if not problems:
        versions = " and ".join(VERSIONS)
        print(f"{overlay}: {len(check.documents)} documents are good for Kubernetes {versions}")
    return 1 if problems else 0


sys.exit(main(*sys.argv[1:]))
