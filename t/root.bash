# shellcheck shell=bash
# What the scripts share that work in a fresh Debian base system: t/bare-root, t/package-debian,
# t/tarball and t/matrix read this file. Needs root, debootstrap, unshare, and apt configured for Debian:
# packages come from where this machine's own apt gets them. Nothing is ever mounted outside a
# namespace, and no service of this machine is touched.

die() { printf '%s\n' "$*" >&2; exit 2; }

# need_tools TOOL...: stops, naming the package, when one is missing.
need_tools() {
    local tool
    [ "$(id -u)" = 0 ] || die "${0##*/} needs root, for chroot."
    for tool in debootstrap unshare "$@"; do
        command -v "$tool" >/dev/null || die "${0##*/} needs $tool: apt-get install ${tool/unshare/util-linux}"
    done
}

# ---------------------------------------------------------------- the base system

# debian_sources: this machine's apt source lines for Debian.
debian_sources() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(ORIGIN)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        sed -n 's/^Debian|//p' | sort -u
}

# sources SUITE: its source lines; for a suite this machine does not use, its release from the same mirror.
sources() {
    local own
    own=$(debian_sources | awk -v suite="$1" '$3 ~ "^" suite "(-|$)"')
    [ -n "$own" ] || own=$(debian_sources | awk -v suite="$1" '$3 !~ /-/ { print "deb", $2, suite, "main"; exit }')
    printf '%s\n' "$own"
}

# make_root SUITE ROOT TAR: a base system in ROOT, which exists. TAR ("" for none) is used when it is
# there, else written.
make_root() {
    local suite=$1 root=$2 tar=$3 mirror
    mirror=$(sources "$suite" | awk -v suite="$suite" '$3 == suite { print $2; exit }')
    [ -n "$mirror" ] || die "This machine's apt knows no Debian to take packages from."
    if [ -n "$tar" ] && [ -e "$tar" ]; then
        tar -C "$root" -xpf "$tar" || return 1
    else
        debootstrap --variant=minbase "$suite" "$root" "$mirror" || return 1
        rm -rf "$root"/var/cache/apt/archives/*.deb
        [ -z "$tar" ] || { tar -C "$root" -cpf "$tar.new" . && mv "$tar.new" "$tar"; } || return 1
    fi
    sources "$suite" >"$root/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::https?::Proxy' >"$root/etc/apt/apt.conf.d/80proxy"
    # A mirror that lags behind is good enough for tests.
    echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/80mirror"
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    # The index of man pages, which nobody reads there, takes an older release minutes.
    mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
    printf 'path-%s=/usr/share/man/%s\n' exclude '*' include 'man8/mod_atlassian_proxy.*' >"$root/etc/dpkg/dpkg.cfg.d/man"
    # npm in there trusts what npm here trusts, where this machine says so.
    mkdir -p "$root/etc/ssl"
    cat "${NODE_EXTRA_CA_CERTS:-/dev/null}" >"$root/etc/ssl/of-this-machine.pem"
}

# unpack_sources DIRECTORY: the committed sources.
# shellcheck disable=SC2154  # top is the caller's: where the sources are
unpack_sources() { mkdir -p "$1" && git -C "$top" archive HEAD | tar -C "$1" -x; }

# forbid_services ROOT: packages installed there start nothing until allow_services.
forbid_services() { printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d" && chmod 755 "$1/usr/sbin/policy-rc.d"; }
allow_services() { rm -f "$1/usr/sbin/policy-rc.d"; }

# in_root ROOT COMMAND...: as root, in a fresh environment. Call it in a namespace of its own.
in_root() {
    local root=$1
    shift
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb CI=true NODE_EXTRA_CA_CERTS=/etc/ssl/of-this-machine.pem \
        DEBIAN_FRONTEND=noninteractive chroot "$root" "$@" </dev/null
}

# install_in ROOT PACKAGE...
install_in() {
    local root=$1
    shift
    in_root "$root" apt-get -q update &&
        in_root "$root" apt-get -q -o Acquire::Retries=3 install -y --no-install-recommends "$@"
}

# in_namespaces UNSHARE-OPTION... COMMAND...: with mounts and processes of its own, which end with it. unshare is deaf
# to Ctrl-C's signal, and so is the first process in a namespace: it is waited for here, and ended on the way out.
namespace=
in_namespaces() {
    local rc
    unshare --mount --pid --fork --kill-child "$@" </dev/null &
    namespace=$!
    wait "$namespace"
    rc=$?
    namespace=
    return $rc
}
end_namespace() { [ -z "$namespace" ] || kill -KILL "$namespace" 2>/dev/null; }

# mount_proc ROOT: in a namespace of mounts and processes.
mount_proc() {
    mount -t proc proc "$1/proc" || die "cannot mount proc"
    mount -t proc proc /proc || die "cannot mount proc"
}

# left ROOT: how many processes of this namespace run in the root.
left() {
    local p n=0
    for p in /proc/[0-9]*; do
        [ "$(readlink "$p/root" 2>/dev/null)" = "$1" ] && n=$((n + 1)) && tr '\0' ' ' <"$p/cmdline" | sed 's/^/# left: /' >&2
    done
    echo "$n"
}

# ---------------------------------------------------------------- TAP

count=0
bad=0
# test_that "what must be true" COMMAND...
test_that() {
    local what=$1
    shift
    count=$((count + 1))
    if "$@"; then echo "ok $count - $what"; else
        echo "not ok $count - $what"
        bad=$((bad + 1))
        return 1
    fi
}
has() { grep -qE -- "$2" "$1" || { printf '# no "%s" in the output:\n' "$2"; tail -n 30 "$1" | sed 's/^/#   /'; return 1; }; }
is() { [ "$1" = "$2" ] || { printf '# got: %s, wanted: %s\n' "$1" "$2"; return 1; }; }
# logged LOG COMMAND...: quiet unless it fails, then the end of its output.
logged() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 && return
    tail -n 30 "$log" | sed 's/^/#   /'
    return 1
}
done_testing() {
    echo "1..$count"
    [ "$bad" = 0 ]
}
