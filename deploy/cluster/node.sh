# One node of the cluster: network namespace, container runtime, kubelet, service proxy. Sourced by cluster.sh.

# What the kubelet sets for the whole machine, and stop puts back.
machine_settings="vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes"

address() { echo "10.44.0.1$1"; }
namespace() { echo "/run/netns/$name-$1"; }
on_node() { local node="$1"; shift; nsenter --net="$(namespace "$node")" "$@"; }

# spawn NODE NAME CMD...: in the background, until stop.
spawn() {
  local node="$1" log="$2"; shift 2
  KUBECONFIG="$run/kubeconfig" PATH="$bin:$PATH" setsid nsenter --net="$(namespace "$node")" "$@" >> "$run/log/$log.log" 2>&1 < /dev/null &
  echo "$! $log" >> "$run/pids"
}

# The nodes' bridge lives in the first namespace. Nothing leads out of it: neither to this machine nor further.
network() {
  local node="$1" own; own="$(basename "$(namespace "$1")")"
  ip netns add "$own"
  on_node "$node" ip link set lo up
  on_node "$node" sysctl -qw net.ipv4.ip_forward=1
  if [ "$node" = 1 ]; then
    on_node 1 ip link add eth0 type bridge
  else
    on_node 1 ip link add "node-$node" type veth peer name eth0 netns "$own"
    on_node 1 ip link set "node-$node" master eth0 up
  fi
  on_node "$node" ip addr add "$(address "$node")/24" dev eth0
  on_node "$node" ip link set eth0 up
  on_node "$node" ip route add default via 10.44.0.1 dev eth0
  for other in $(seq "$(cat "$run/nodes")"); do
    [ "$other" = "$node" ] || on_node "$node" ip route add "10.245.$other.0/24" via "$(address "$other")" dev eth0
  done
}

# Containers of a node weigh as much as the cores that it believes to have, not as one process of this machine does.
make_cgroups() {
  local node="$1" cores; cores="$(nproc)"
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$name/node-$node"
    weigh "$name" cpu.weight $((100 * cores * $(cat "$run/nodes"))) 10000
    weigh "$name/node-$node" cpu.weight $((100 * cores)) 10000
  else
    for controller in /sys/fs/cgroup/*/; do
      if mountpoint -q "$controller"; then mkdir -p "$controller/$name/node-$node"; fi
    done
    weigh "cpu/$name" cpu.shares $((1024 * cores * $(cat "$run/nodes"))) 262144
    weigh "cpu/$name/node-$node" cpu.shares $((1024 * cores)) 262144
  fi
}
weigh() { echo $(($3 < $4 ? $3 : $4)) > "/sys/fs/cgroup/$1/$2" 2>/dev/null || true; }

start_node() {
  local node="$1" dir="$run/node-$1" cgroup="/$name/node-$1"
  mkdir -p "$dir/net.d"
  make_cgroups "$node"
  cat > "$dir/net.d/10-bridge.conflist" <<Y
{ "cniVersion": "0.4.0", "name": "cluster", "plugins": [
  { "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
    "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.245.$node.0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }], "dataDir": "$dir/state/ipam" } },
  { "type": "portmap", "capabilities": { "portMappings": true } }] }
Y
  cat > "$dir/containerd.toml" <<Y
version = 2
root = "$dir/images"
state = "$dir/state/containerd"
[grpc]
  address = "$dir/containerd.sock"
[ttrpc]
  address = "$dir/containerd.sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$dir/net.d"
Y
  cat > "$dir/kubelet.yaml" <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 0.0.0.0
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
cgroupDriver: cgroupfs
cgroupRoot: $cgroup
failCgroupV1: false
failSwapOn: false
clusterDNS: [$(address 1)]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix://$dir/containerd.sock
enforceNodeAllocatable: []
imageGCHighThresholdPercent: 100
localStorageCapacityIsolation: false
podLogsDir: $dir/logs
resolvConf: $dir/resolv.conf
# Secrets that were replaced reach their pods within this time.
syncFrequency: 10s
volumePluginDir: $dir/plugins
Y
  echo "nameserver $(address 1)" > "$dir/resolv.conf"
  spawn "$node" "containerd-$node" containerd -c "$dir/containerd.toml"
  await "containerd of node-$node" ctr -a "$dir/containerd.sock" version
  ctr -a "$dir/containerd.sock" -n k8s.io images import pause.tar >/dev/null
  spawn "$node" "kubelet-$node" kubelet --config "$dir/kubelet.yaml" --kubeconfig kubeconfig --root-dir "$dir/kubelet" \
    --hostname-override "node-$node" --node-ip "$(address "$node")" --cert-dir "$dir/certs"
  spawn "$node" "proxy-$node" kube-proxy --kubeconfig kubeconfig --proxy-mode iptables --cluster-cidr 10.245.0.0/16 \
    --hostname-override "node-$node" --conntrack-max-per-core 0
}
