#!/bin/bash
# A real Kubernetes cluster for tests, in network namespaces and cgroups of its own.
#   cluster.sh up [NODES]     builds what is missing, starts it (1 node, or 2), prints the kubeconfig's path
#   cluster.sh load IMG.tar [NAME OTHER]   imports an OCI image (deploy/pack-image.mjs) into every node, and gives it another name
#   cluster.sh exec CMD...    runs a command inside its network, with kubectl and helm on the path
#   cluster.sh stop           ends every process at once, as a power cut does; up starts it again with its data
#   cluster.sh down           ends it in order and removes its state; what was built stays
# KOINON_CLUSTER_HOME: everything it writes, ~/.cache/koinon-cluster when unset.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
home="${KOINON_CLUSTER_HOME:-$HOME/.cache/koinon-cluster}"
bin="$home/bin" run="$home/run" name=koinon-cluster
# shellcheck source=deploy/cluster/node.sh
source "$here/node.sh"
api=https://$(address 1):6443

exec_inside() { KUBECONFIG="$run/kubeconfig" PATH="$bin:$PATH" nsenter --net="$(namespace 1)" "$@"; }
await() {
  local what="$1"; shift
  for _ in $(seq 240); do "$@" >/dev/null 2>&1 && return; sleep 0.25; done
  echo "cluster: $what did not come up; see $run/log" >&2; exit 1
}

# Keys, tokens and configuration, once in the life of a cluster.
configure() {
  openssl genrsa -out sa.key 2048 2>/dev/null
  openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
  local token; token="$(openssl rand -hex 16)"
  echo "$token,admin,admin,\"system:masters\"" > tokens.csv
  cat > kubeconfig <<Y
apiVersion: v1
kind: Config
clusters: [{ name: local, cluster: { server: "$api", insecure-skip-tls-verify: true } }]
users: [{ name: admin, user: { token: $token } }]
contexts: [{ name: local, context: { cluster: local, user: admin } }]
current-context: local
Y
  cat > Corefile <<Y
.:53 {
  bind $(address 1)
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $run/kubeconfig local
    pods insecure
    ttl 5
  }
  cache 5
  errors
}
Y
  # The metrics API is asked through the API server, which shows this certificate there.
  openssl req -x509 -newkey rsa:2048 -nodes -keyout proxy-ca.key -out proxy-ca.crt -subj /CN=front-proxy-ca -days 30 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -keyout proxy.key -out proxy.csr -subj /CN=front-proxy 2>/dev/null
  openssl x509 -req -in proxy.csr -CA proxy-ca.crt -CAkey proxy-ca.key -CAcreateserial -days 30 -out proxy.crt 2>/dev/null
  mkdir -p pause && cp "$bin/pause" pause/
  node "$here/../pack-image.mjs" localhost/pause:1 pause.tar --layer pause -- /pause
}

control_plane() {
  local etcd=http://127.0.0.1:2379 proxy=requestheader
  spawn 1 etcd etcd --data-dir etcd --listen-client-urls $etcd --advertise-client-urls $etcd
  spawn 1 apiserver kube-apiserver --etcd-servers=$etcd --secure-port=6443 --advertise-address="$(address 1)" --cert-dir=certs \
    --service-account-key-file=sa.pub --service-account-signing-key-file=sa.key --service-account-issuer=https://kubernetes.default.svc \
    --token-auth-file=tokens.csv --authorization-mode=RBAC --kubelet-preferred-address-types=InternalIP \
    --service-cluster-ip-range=10.96.0.0/16 --allow-privileged=true --$proxy-client-ca-file=proxy-ca.crt \
    --$proxy-username-headers=X-Remote-User --$proxy-group-headers=X-Remote-Group --$proxy-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file=proxy.crt --proxy-client-key-file=proxy.key
  await "API server" exec_inside kubectl get --raw /readyz
  # Lost nodes and pods are noticed sooner than on a large cluster, so that tests need not wait for minutes.
  spawn 1 controllers kube-controller-manager --kubeconfig kubeconfig --service-account-private-key-file=sa.key \
    --root-ca-file=certs/apiserver.crt --leader-elect=false --secure-port=0 --allocate-node-cidrs=false \
    --horizontal-pod-autoscaler-sync-period=5s --horizontal-pod-autoscaler-initial-readiness-delay=5s \
    --horizontal-pod-autoscaler-cpu-initialization-period=20s
  spawn 1 scheduler kube-scheduler --kubeconfig kubeconfig --leader-elect=false --secure-port=0
  spawn 1 dns coredns -conf Corefile
  spawn 1 metrics metrics-server --kubeconfig kubeconfig --authentication-kubeconfig kubeconfig --authorization-kubeconfig kubeconfig \
    --secure-port 4443 --cert-dir metrics-certs --kubelet-insecure-tls --kubelet-preferred-address-types InternalIP \
    --metric-resolution 10s --kubelet-request-timeout 5s
}

# Volumes are folders of this machine that every node sees, as network storage is; they belong to the images' user.
volumes() {
  for number in $(seq -w 16); do mkdir -p "volumes/$number"; chown 10001:10001 "volumes/$number"; done
  sed -e "s#@RUN@#$run#" -e "s#@ADDRESS@#$(address 1)#" "$here/objects.yaml" > objects.yaml
  for number in $(seq -w 16); do
    cat >> objects.yaml <<Y
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: volume-$number }
spec:
  capacity: { storage: 4Gi }
  accessModes: [ReadWriteOnce, ReadWriteMany, ReadOnlyMany]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: folders
  hostPath: { path: $run/volumes/$number, type: Directory }
Y
  done
  exec_inside kubectl apply -f objects.yaml
}

up() {
  local nodes="${1:-$(cat "$run/nodes" 2>/dev/null || echo 1)}"
  [ ! -e "$run/pids" ] || { echo "cluster: it is up already ($run)" >&2; exit 1; }
  bash "$here/build.sh" "$bin" >&2
  mkdir -p "$run/log"
  cd "$run"
  echo "$nodes" > nodes
  sysctl $machine_settings > sysctl.before
  for node in $(seq "$nodes"); do network "$node"; done
  [ -e kubeconfig ] || (umask 077; configure)
  control_plane
  for node in $(seq "$nodes"); do start_node "$node"; done
  await "default account" exec_inside kubectl get serviceaccount default
  volumes >/dev/null
  for node in $(seq "$nodes"); do
    await "node-$node" exec_inside kubectl wait --for=condition=Ready "node/node-$node" --timeout=1s
  done
  echo "$run/kubeconfig"
}

load() {
  for node in $(seq "$(cat "$run/nodes")"); do
    local socket="$run/node-$node/containerd.sock"
    ctr -a "$socket" -n k8s.io images import "$1"
    [ -z "${2:-}" ] || ctr -a "$socket" -n k8s.io images tag --force "$2" "$3"
  done
}

# Containers of this cluster are exactly the processes of its cgroups.
containers() { { find /sys/fs/cgroup/*/$name /sys/fs/cgroup/$name -name cgroup.procs -exec cat {} + 2>/dev/null || true; } | sort -un; }

stop() {
  [ -e "$run/pids" ] || return 0
  tac "$run/pids" | while read -r pid _; do kill -9 "$pid" 2>/dev/null || true; done
  local deadline=$((SECONDS + 10))
  while [ -n "$(containers)" ] && [ "$SECONDS" -lt "$deadline" ]; do
    containers | while read -r pid; do kill -9 "$pid" 2>/dev/null || true; done
    sleep 0.1
  done
  for shim in $(pgrep -f "containerd-shim.* -address $run/" || true); do kill -9 "$shim" 2>/dev/null || true; done
  { grep -o " $run/[^ ]*" /proc/mounts || true; } | sort -r | while read -r mount; do umount -l "$mount" 2>/dev/null || true; done
  sysctl -q -p "$run/sysctl.before" 2>/dev/null || true
  find /sys/fs/cgroup/*/$name /sys/fs/cgroup/$name -depth -type d -exec rmdir {} + 2>/dev/null || true
  find /var/log/containers -lname "$run/*" -delete 2>/dev/null || true
  for node in $(seq "$(cat "$run/nodes")"); do
    ip netns del "$(basename "$(namespace "$node")")" 2>/dev/null || true
    rm -rf "$run/node-$node/state" "$run/node-$node/containerd.sock"*
  done
  rm -f "$run/pids"
}

down() {
  [ -e "$run" ] || return 0
  stop
  rm -rf --one-file-system "$run"
}

case "${1:-}" in
  up | load) "$@" ;;
  stop | down) "$1" ;;
  exec) shift; exec_inside "$@" ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
