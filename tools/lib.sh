# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What quickstart and check share: the table of packages, how they are installed, and how a build is configured.

# set|package|what for. Each set contains those above it, but for `peers`, which nothing else needs.
package_table() {
  cat <<'TABLE'
quick|build-essential|the C and C++ compiler, libc and make
quick|meson|configures the build
quick|ninja-build|runs the build
quick|pkg-config|finds the libraries
quick|liburcu-dev|read-copy-update: readers beside the collector
quick|libjansson-dev|encodes strings of the JSON export
quick|libzstd1|packs trace files, and reads packed ones
quick|python3|shows the JSON; scripts
check|libcmocka-dev|the framework of the module tests
check|clang|the second compiler
check|clang-format|the format of the sources
check|universal-ctags|lengths of functions
check|tmux|a terminal of 80 columns for the command line
all|libclang-rt-14-dev|sanitizers of the second compiler
all|valgrind|memory checks without recompiling
all|spin|checks the models of ring, nesting and watermark
all|relacy-dev|checks the memory orders of the ring
all|afl++|the second fuzzer
all|libbenchmark-dev|the framework of the benchmarks
all|btrfs-progs|a file system that copies what is written
all|sqlite3|a program whose heap is recorded
all|jq|another
all|redis-server|another, with an allocator of its own
all|nginx-light|another
all|libjemalloc2|an allocator below the one that records
all|libmimalloc2.0|another
all|libtcmalloc-minimal4|another
all|gcc-aarch64-linux-gnu|shows what becomes of memory orders on another processor
peers|liblttng-ust-dev|a tracer to compare with: its tracepoints
peers|lttng-tools|its daemon and its commands
TABLE
}

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
complain() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# packages_of SET: the packages of the table up to that set, one a line.
packages_of() {
  local sets=$1 set package
  case $1 in
    check) sets='quick check' ;;
    all) sets='quick check all' ;;
    peers) sets='quick peers' ;;
  esac
  package_table | while IFS='|' read -r set package _; do
    case " $sets " in *" $set "*) printf '%s\n' "$package" ;; esac
  done
}

show_packages() {
  package_table | while IFS='|' read -r _ package purpose; do
    case " $* " in *" $package "*) printf '  %-20s %s\n' "$package" "$purpose" ;; esac
  done
}

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# as_root COMMAND...: as it is for root, else through sudo; it may ask for a password where somebody can type one.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    sudo "$@"
  else
    return 1
  fi
}

# apt_get ARGUMENT...: waits for another apt instead of failing.
apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"; }

# install_packages SET: installs what is missing of the set, or says how to and ends the script.
install_packages() {
  local package missing=()
  if ! command -v dpkg-query >/dev/null; then
    say "This is no Debian. Needed, by Debian's names of the packages:"
    # shellcheck disable=SC2046 # names of packages have no blanks
    show_packages $(packages_of "$1")
    return 0
  fi
  for package in $(packages_of "$1"); do
    is_installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    say "All packages are installed."
    return 0
  fi
  say "Missing packages:"
  show_packages "${missing[@]}"
  say "Installing them with apt."
  if ! { apt_get update && apt_get install -y --no-install-recommends "${missing[@]}"; }; then
    complain "could not install them; run this, then ${0##*/} again:"
    say "sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
    exit 2
  fi
}

# quietly COMMAND...: shows what it said only if it failed.
quietly() {
  local output
  output=$("$@" 2>&1) || {
    printf '%s\n' "$output"
    return 1
  }
}

# configure BUILD_DIRECTORY OPTION...: a new one, or an old one brought up to these options.
configure() {
  local build=$1
  shift
  say "Configuring $build/${*:+ ($*)}"
  if [ -f "$build/build.ninja" ]; then
    quietly meson setup --reconfigure "$build" "$@" >/dev/null || quietly meson setup --wipe "$build" "$@"
  else
    quietly meson setup "$build" "$@"
  fi
}

# compile BUILD_DIRECTORY TARGET...
compile() {
  say "Compiling in $1/"
  ninja --quiet -C "$@"
}
