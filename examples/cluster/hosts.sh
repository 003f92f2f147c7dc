#!/usr/bin/env bash
# mpirun (MPICH's) over those of $HOSTS that answer, one process each unless $PER_HOST says more:
#
#   HOSTS=node1,node2 chainrule launch -n 2 --mpirun examples/cluster/hosts.sh \
#       train mnist --checkpoint /shared/runs/a
#
# Every host needs the same Python environment at the same place, the folder of checkpoints, and
# an ssh key without a question. A host that is lost is left out at the next start. With 1, 2, 4 or
# 8 processes the weights are the same bytes.
set -euo pipefail
: "${HOSTS:?say HOSTS=node1,node2}"
remote=${REMOTE:-ssh}
alive=()
for host in ${HOSTS//,/ }; do
  if timeout 5 "$remote" "$host" true; then alive+=("$host"); fi
done
[ ${#alive[@]} -gt 0 ] || { echo "none of $HOSTS answers" >&2; exit 1; }
[ "$1" = -n ] && shift 2 # launch's own number; here the hosts decide
n=$((${#alive[@]} * ${PER_HOST:-1}))
echo "hosts.sh: $n processes on ${alive[*]}" >&2
list=$(IFS=,; echo "${alive[*]}")
# $IFACE is the network to use, where a host has several.
exec mpirun -launcher ssh -launcher-exec "$(command -v "$remote")" ${IFACE:+-iface "$IFACE"} \
  -hosts "$list" -ppn "${PER_HOST:-1}" -n "$n" "$@"
