# Sourced by ./run and ./test: makes sure that git, the .NET 10 SDK and Node 20 with npm are there.
# As root on Debian and its relatives it installs what the configured package sources have; otherwise it says what to install.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

has_git() { command -v git > /dev/null; }
has_sdk() { command -v dotnet > /dev/null && dotnet --list-sdks | grep -q '^10\.'; }
has_node() { command -v npm > /dev/null && command -v node > /dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]; }

# Installs packages if we may; the caller checks afterwards whether that gave it what it needs.
try_install() {
  if [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null; then
    echo "Installing $* ..." >&2
    apt-get update -qq < /dev/null > /dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" < /dev/null > /dev/null 2>&1
  else
    return 1
  fi
}

# need CHECK "what to install" PACKAGE...
need() {
  local check=$1 description=$2
  shift 2
  if ! "$check"; then
    try_install "$@" || true
    if ! "$check"; then
      missing+=("$description")
    fi
  fi
}

missing=()
need has_git "git" git
need has_sdk "the .NET SDK 10.0 (package dotnet-sdk-10.0 of your distribution, or Microsoft's installer); 'dotnet --list-sdks' must show a 10.x line" dotnet-sdk-10.0
need has_node "Node.js 20 or newer with npm (packages nodejs and npm, if your distribution's are that new)" nodejs npm

if [ "${#missing[@]}" -gt 0 ]; then
  echo "Please install what is missing, then start again:" >&2
  printf '  - %s\n' "${missing[@]}" >&2
  exit 3
fi
