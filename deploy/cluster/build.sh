#!/bin/bash
# build.sh BIN: Kubernetes (API server, controllers, scheduler, kubelet, proxy, kubectl), etcd, CoreDNS, metrics-server and Helm into
# BIN, from their Go modules; and into BIN/crds the custom resources that the charts can use, of cert-manager and the Prometheus operator.
# About 10 minutes on 2 cores the first time; what is there is kept.
set -euo pipefail
version=1.35.4 staging=0.35.4
bin="$(mkdir -p "$1" && cd "$1" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
missing() { [ ! -x "$bin/$1" ]; }

# One main package for each component: name, what creates its command, and what that needs besides "os".
component() {
  local name="$1" command="$2" imports="${3:-}"
  missing "$name" || return 0
  echo "building $name"
  mkdir -p "$name"
  cat > "$name/main.go" <<GO
package main

import (
	$imports
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubernetes/cmd/$name/app"
)

func main() { os.Exit(cli.Run(app.$command)) }
GO
  go build -ldflags="$flags" -o "$bin/$name" "./$name"
}

kubernetes() {
  export GOFLAGS=-mod=mod
  go mod download "k8s.io/kubernetes@v$version"
  # The module replaces its staging modules by folders that only its repository has; they are published under versions of their own.
  sed -E -e '0,/^module .*/s//module cluster/' \
    -e "s#(k8s\.io/[a-z-]+) v0\.0\.0\$#\1 v$staging#" \
    -e "s#=> \./staging/src/(k8s\.io/[a-z-]+)#=> \1 v$staging#" \
    -e "0,/^require \(/s##require (\n\tk8s.io/kubernetes v$version#" \
    "$(go env GOMODCACHE)/k8s.io/kubernetes@v$version/go.mod" > go.mod
  local base=k8s.io/component-base/version minor
  minor="$(cut -d. -f2 <<< "$version")"
  flags="-s -w -X $base.gitVersion=v$version -X $base.gitMajor=1 -X $base.gitMinor=$minor"
  component kube-apiserver 'NewAPIServerCommand()'
  component kube-controller-manager 'NewControllerManagerCommand()'
  component kube-scheduler 'NewSchedulerCommand()'
  component kubelet 'NewKubeletCommand(context.Background())' '"context"'
  component kube-proxy 'NewProxyCommand()'
  if missing kubectl; then
    echo "building kubectl"
    go build -ldflags="$flags -X k8s.io/client-go/pkg/version.gitVersion=v$version" -o "$bin/kubectl" k8s.io/kubernetes/cmd/kubectl
  fi
  unset GOFLAGS
}

# A program that is not its module's root package: go install can not name it.
etcd() {
  echo "building etcd"
  mkdir etcd && cd etcd
  printf 'package main\n\nimport (\n\t"os"\n\n\t"go.etcd.io/etcd/server/v3/etcdmain"\n)\n\nfunc main() { etcdmain.Main(os.Args) }\n' > main.go
  { go mod init etcd && go get go.etcd.io/etcd/server/v3@v3.6.6 && go mod tidy; } >/dev/null 2>&1
  go build -ldflags="-s -w" -o "$bin/etcd" .
  cd ..
}

# What holds a pod's network namespace: it does nothing until it is asked to end.
pause() {
  printf 'package main\n\nimport (\n\t"os"\n\t"os/signal"\n\t"syscall"\n)\n\nfunc main() {\n\tend := make(chan os.Signal, 1)\n\tsignal.Notify(end, syscall.SIGINT, syscall.SIGTERM)\n\t<-end\n}\n' > pause.go
  CGO_ENABLED=0 go build -ldflags=-s -o "$bin/pause" pause.go
}

install() {
  local name="$1" module="$2"
  missing "$name" || return 0
  echo "building $name"
  GOBIN="$bin" go install "$module"
}

# crd MODULE@VERSION FILE...: definitions out of a module's folder.
crd() {
  local module="$1" folder="" file; shift
  for file in "$@"; do
    [ ! -e "$bin/crds/$(basename "$file")" ] || continue
    [ -n "$folder" ] || folder="$(go mod download -json "$module" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')"
    mkdir -p "$bin/crds" && cat "$folder/$file" > "$bin/crds/$(basename "$file")"
  done
}

for name in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl; do
  if missing "$name"; then kubernetes; break; fi
done
! missing etcd || etcd
! missing pause || pause
install helm helm.sh/helm/v4/cmd/helm@v4.3.0
install coredns github.com/coredns/coredns@v1.15.0
install metrics-server sigs.k8s.io/metrics-server/cmd/metrics-server@v0.9.0
crd github.com/cert-manager/cert-manager@v1.21.2 deploy/crds/cert-manager.io_certificates.yaml
crd github.com/prometheus-operator/prometheus-operator@v0.85.0 example/prometheus-operator-crd/monitoring.coreos.com_{servicemonitors,prometheusrules}.yaml
