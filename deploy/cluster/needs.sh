#!/bin/bash
# needs.sh [--install-packages]: says what is missing for a cluster on this machine, and ends with failure when anything is.
set -euo pipefail
packages=(containerd runc containernetworking-plugins iptables iproute2 conntrack openssl postgresql-15 nats-server redis-server libsecp256k1-1)
missing=()
[ "$(uname -s)/$(uname -m)" = Linux/x86_64 ] || missing+=("Linux on x86-64")
[ "$(id -u)" = 0 ] || missing+=("root: containers, a network namespace and cgroups of its own (sudo -E npm run cluster -- up)")
command -v go >/dev/null || missing+=("Go 1.25 or newer, to build Kubernetes from its modules: https://go.dev/dl")
command -v dpkg >/dev/null || missing+=("Debian 12 or newer, or its kin: containerd, CNI plugins and the servers come from its packages")
[ "$(awk '/MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)" -ge 3000 ] || missing+=("3 GB of free memory")
absent=()
for package in "${packages[@]}"; do
  dpkg -s "$package" >/dev/null 2>&1 || absent+=("$package")
done
if [ "${#absent[@]}" -gt 0 ]; then
  if [ "${1:-}" = --install-packages ] && [ "$(id -u)" = 0 ]; then
    # Nothing that comes with a package is started by its installation.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy" && trap 'rm -f "$policy"' EXIT; }
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${absent[@]}" >/dev/null
  else
    missing+=("packages: apt-get install ${absent[*]} (or: npm run cluster -- up --install-packages)")
  fi
fi
[ "${#missing[@]}" -eq 0 ] || { printf 'cluster: this machine lacks\n'; printf '  %s\n' "${missing[@]}"; exit 1; } >&2
