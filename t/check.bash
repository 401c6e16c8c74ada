# shellcheck shell=bash
# The steps of "./quickstart check", which reads this file: every test there is, and one line with
# the sum of what ran.
#
# A step is a function step_NAME that writes TAP ("ok - ...", "not ok - ...") to its output among
# whatever else it has to say; run_step keeps the output as build/check-logs/NAME.log and counts.
# To add one: write the function, name it in check(). A step that ran no test fails, a skipped test
# fails, a test that was planned and did not run fails. Steps of different lanes run at once.

# shellcheck disable=SC2154  # build and needs_build are quickstart's
logs=$build/check-logs

# count_tap: "passed failed" of the TAP on stdin, which may be several streams in a row.
count_tap() {
    awk '
        /^1\.\.0/ { bad++; next }
        /^1\.\.[0-9]+/ { planned += substr($1, 4); next }
        /^not ok([ \t]|$)/ { bad++; ran++; next }
        /^ok[ \t]/ { ran++; if ($0 ~ /#[ \t]*[Ss][Kk][Ii][Pp]/) bad++; else good++; next }
        /^Bail out!/ { bad++; next }
        END {
            if (planned > ran) bad += planned - ran
            print good + 0, bad + 0
        }'
}

# tap "what must be true" COMMAND...: one test, by the command's exit status.
tap() {
    local what=$1
    shift
    if "$@"; then echo "ok - $what"; else
        echo "not ok - $what"
        return 1
    fi
}

# run_step NAME "what it does" ["what to do when it fails"]: says how it went, all at once, and leaves its counts
# in NAME.count.
run_step() {
    local log=$logs/$1.log start=$SECONDS rc good bad
    ("step_$1") >"$log" 2>&1 </dev/null
    rc=$?
    read -r good bad < <(count_tap <"$log")
    if [ "$bad" = 0 ]; then
        if [ "$rc" != 0 ]; then
            bad=1
            echo "# the step itself ended with status $rc" >>"$log"
        elif [ "$good" = 0 ]; then
            bad=1
            echo "# no test ran" >>"$log"
        fi
    fi
    echo "$good $bad $1" >"$logs/$1.count"
    cat <<<"$(told "$@")"
}

# told NAME "what it does" ["what to do when it fails"]: of a step that has ended.
told() {
    printf '==> %-58s%5d passed, %d failed, %d s\n' "$2" "$good" "$bad" $((SECONDS - start))
    [ "$bad" = 0 ] && return
    grep -E '^not ok|^ok.*# *[Ss][Kk][Ii][Pp]|^Bail out!' "$log" | head -n 15 | sed 's/^/    /'
    echo "    ... the end of ${log#"$top"/}:"
    tail -n 25 "$log" | sed 's/^/    | /'
    [ -z "${3:-}" ] || note "$3"
}

# lane NUMBER FUNCTION: runs the steps that FUNCTION names, beside other lanes: with ports of its own.
lane() {
    (
        export ATL_PORTS="2${1}000-2${1}899" ATL_PORT="2${1}900" DEMO_PORT="2${1}950"
        "$2"
    ) &
}

# ---------------------------------------------------------------- building

# build_in DIR CC: a build with warnings as errors. Silent when nothing changed.
build_in() {
    (configure_in "$1" "$logs/${1##*/}-configure.log" --enable-werror CC="$2") && make -C "$1" "$(jobs_option)"
}

step_gcc() { tap "gcc builds it without a warning" build_in "$build/check/gcc" gcc; }
step_clang() { tap "clang builds it without a warning" build_in "$build/check/clang" clang; }

step_symbols() {
    local names
    names=$(nm -D --defined-only "$build/check/gcc/.libs/mod_atlassian_proxy.so" | awk '{print $3}')
    echo "$names"
    tap "the module exports its record and nothing else" [ "$names" = atlassian_proxy_module ]
}

# ---------------------------------------------------------------- reading

# shell_scripts: every shell script of the sources, by its first line or name.
shell_scripts() {
    find . -path ./build -prune -o -path ./build-aux -prune -o -path ./.git -prune -o -name autom4te.cache -prune \
        -o -type f -size -200k -print |
        while IFS= read -r f; do
            case $f in
                */configure | */configure~ | */libtool | */config.status) ;;
                *.bash | *.sh) echo "$f" ;;
                *) head -n 1 "$f" | grep -aqE '^#! *(/usr)?/bin/(env +)?(ba)?sh' && echo "$f" ;;
            esac
        done
}

step_shellcheck() {
    local f rc=0
    while IFS= read -r f; do
        tap "shellcheck $f" shellcheck -x -P SCRIPTDIR -P "$top" "$f" || rc=1
    done < <(shell_scripts)
    return $rc
}

step_cppcheck() {
    local f rc=0
    for f in mod_atlassian_proxy.c modules/*.c; do
        [ -e "$f" ] || continue
        tap "cppcheck $f" cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
            --enable=warning,performance,portability -D'APR_STRINGIFY(n)="n"' -I modules -I . "$f" || rc=1
    done
    return $rc
}

# Versions format differently: the one of .clang-format's comment counts.
format_version=14
has_formatter() { clang-format --version 2>/dev/null | grep -q " version $format_version\."; }
step_format() {
    local f rc=0
    for f in mod_atlassian_proxy.c modules/*.[ch]; do
        tap "clang-format $f" clang-format --dry-run -Werror "$f" || rc=1
    done
    return $rc
}

# What the compilers' own analyzers need to read a file: httpd's and APR's headers, and the generated ones.
analysis_flags() {
    local apxs
    apxs=$(find_apxs)
    printf '%s\n' -std=gnu11 "-I$("$apxs" -q INCLUDEDIR)" "-I$("$apxs" -q APR_INCLUDEDIR)" "-I$("$apxs" -q APU_INCLUDEDIR)" \
        -Imodules -I. "-I$build/check/gcc" "-I$build/check/gcc/modules"
    "$apxs" -q EXTRA_CPPFLAGS | tr ' ' '\n' | grep '^-D'
}

# analyze COMMAND...: for each source file, which takes the place of FILE; a message is a failure.
analyze() {
    local f said rc=0
    for f in mod_atlassian_proxy.c modules/*.c; do
        said=$("${@/FILE/$f}" 2>&1)
        echo "$said"
        tap "$1 $f" [ -z "$(grep -E '(warning|error):' <<<"$said")" ] || rc=1
    done
    return $rc
}

# Suppressions, with their reasons: .clang-tidy, and NOLINT beside the line.
step_tidy() {
    local flags
    mapfile -t flags < <(analysis_flags)
    analyze clang-tidy --quiet FILE -- "${flags[@]}"
}

step_analyzer() {
    local flags
    mapfile -t flags < <(analysis_flags)
    analyze gcc -fanalyzer -O1 "${flags[@]}" -c -o /dev/null FILE
}

# ---------------------------------------------------------------- running

# The unit tests of make check; each program's own TAP, or its automake result where it has none.
step_unit() {
    local rc=0 trs log
    CMOCKA_MESSAGE_OUTPUT=TAP make -C "$build/check/gcc" check-TESTS >"$logs/unit-make.log" 2>&1 || rc=$?
    sed 's/^/# /' "$logs/unit-make.log"
    while IFS= read -r trs; do
        log=${trs%.trs}.log
        echo "# ${log#"$build"/}"
        cat "$log"
        grep -qE '^(not )?ok' "$log" ||
            tap "${log##*/}" grep -q '^:test-result: PASS' "$trs"
    done < <(find "$build/check/gcc" -name '*.trs' | sort)
    return $rc
}

# apache_test MPM LOAD-ORDER: the Apache::Test suite against a running httpd with that MPM; the
# module loaded before, within or after the modules it needs.
apache_test() {
    [ -e t/TEST ] || { echo "# there is no t/TEST"; return 1; }
    in_own_place "$1" --mpm="$1" --load-order="$2"
}
# in_own_place NAME ARGUMENT...: t/TEST of the build that is shipped, where no other run keeps its backends.
in_own_place() {
    local dir=$build/check/run-$1
    shift
    mkdir -p "$dir" && (cd "$dir" && TEST_MODULE=$build/check/gcc/.libs/mod_atlassian_proxy.so APXS=$(find_apxs) \
        HTTPD=$(find_httpd) perl "$top/t/TEST" -verbose "$@")
}
# Its rows make up t/FAULTS.md.
step_httpd_event() {
    rm -rf "$logs/report" && mkdir "$logs/report" && ATL_REPORT_DIR=$logs/report apache_test event first
}
step_httpd_worker() { apache_test worker middle; }
step_httpd_prefork() { apache_test prefork last; }

make_report() { t/faults-report "$logs/report" >"$logs/FAULTS.md"; }
step_report() {
    local rc=0
    tap "every attempt and fault ends as expected" make_report || rc=1
    diff -u t/FAULTS.md "$logs/FAULTS.md" | head -n 40
    tap "t/FAULTS.md is what the suite wrote" cmp t/FAULTS.md "$logs/FAULTS.md" || rc=1
    return $rc
}

# build_sanitized NAME FLAGS: a build that watches itself, with the tunnel's faults.
build_sanitized() {
    (configure_in "$build/check/$1" "$logs/$1-configure.log" --enable-werror --enable-fault-injection \
        CFLAGS="-g -O1 -fno-omit-frame-pointer -fsanitize=$2") && make -C "$build/check/$1" "$(jobs_option)"
}

# sanitized_test NAME FILES: test files with such a build, event MPM.
sanitized_test() {
    local dir=$build/check/$1
    shift
    (cd "$dir" && ATL_SANITIZE=${dir##*/} TEST_MODULE=$dir/.libs/mod_atlassian_proxy.so APXS=$(find_apxs) \
        HTTPD=$(find_httpd) perl "$top/t/TEST" --mpm=event -verbose "$@")
}

# sanitized_tunnel NAME FILES: the tunnel's tests with such a build.
sanitized_tunnel() {
    local dir=$build/check/$1
    shift
    TEST_MODULE=$dir/.libs/mod_atlassian_proxy.so ATL_REAL_HTTPD=$(find_httpd) HTTPD=$top/t/sanitized-httpd \
        MODULES=$("$(find_apxs)" -q LIBEXECDIR) t/tunnel/run -v "$@"
}

# AddressSanitizer and UndefinedBehaviorSanitizer: unit tests, the tunnel's faults, and of the suite what moves
# kilobytes, not gigabytes (t/README.md has the command for all of it; libfaketime does not go with ASan).
step_address() {
    local rc=0
    tap "gcc builds it with ASan and UBSan" build_sanitized address address,undefined || return 1
    tap "unit tests" env UBSAN_OPTIONS=halt_on_error=1 make -C "$build/check/address" check-TESTS || rc=1
    sanitized_tunnel address handshake.t fallback.t faults.t || rc=1
    sanitized_test address t/12-requests.t t/14-answers.t t/20-public.t t/21-spoofing.t t/30-websocket.t \
        t/42-unavailable.t t/6[0-79]*.t || rc=1
    return $rc
}

# ThreadSanitizer: what threads share is the tunnel and the counters.
step_thread() {
    local rc=0
    tap "gcc builds it with TSan" build_sanitized thread thread || return 1
    sanitized_tunnel thread handshake.t tls.t fallback.t || rc=1
    sanitized_test thread t/30-websocket.t t/40-findings.t || rc=1
    return $rc
}

# Start, requests, graceful reload, stop, of the build that is shipped.
step_valgrind() {
    in_own_place valgrind --mpm=event t/valgrind/clean.t
}

# The tunnel, over sockets, TLS, Chromium and npm's ws, with faults put in its way: a build of its own has them.
step_tunnel() {
    tap "gcc builds it with fault injection" build_faults || return 1
    TEST_MODULE=$build/check/faults/.libs/mod_atlassian_proxy.so HTTPD=$(find_httpd) \
        MODULES=$("$(find_apxs)" -q LIBEXECDIR) t/tunnel/run -v
}
build_faults() {
    (configure_in "$build/check/faults" "$logs/faults-configure.log" --enable-werror --enable-fault-injection) &&
        make -C "$build/check/faults" "$(jobs_option)"
}

# A minute for each target, with the same inputs each time; "make fuzz" tries others.
step_fuzz() {
    tap "no input breaks a reader" make -C "$build/check/gcc" fuzz FUZZ_SECONDS=60 FUZZ_JOBS=1 FUZZ_SEED=1
}

step_configure() { t/configure-errors; }

# From the tarball, in a read-only source tree, installed and uninstalled again; one test file is enough.
step_distcheck() {
    tap "make distcheck" make -C "$build/check/gcc" distcheck MPM=event TESTARGS=t/12-requests.t
}

step_demonstration() { t/demonstration; }

# debootstrap's systems come from where apt here gets its packages.
can_make_systems() {
    [ "$(family)" = debian ] && [ "$(id -u)" = 0 ] && unshare --mount --pid --net --fork --mount-proc true 2>/dev/null
}
step_releases() { t/matrix --smoke; }
needs_of_releases() {
    ! can_make_systems || printf '%s\n' 'cmd:debootstrap|makes other releases'\'' systems|debootstrap|' 'cmd:ip|their networks|iproute2|'
}

# Only whether it works: on a machine that does other things, what it measures says nothing.
step_bench() {
    tap "make bench, the quick one" make -C "$build/check/gcc" bench BENCHARGS=--quick
}

# The packages, from the tarball, without installing them (t/package-debian does, in a system of its own).
step_packages() {
    local dir=$build/check/packages tarball version deb file rc=0
    make -C "$build/check/gcc" dist >"$logs/dist.log" 2>&1 || { tap "make dist" false; return 1; }
    tarball=$(echo "$build"/check/gcc/mod_atlassian_proxy-*.tar.gz)
    version=${tarball##*/mod_atlassian_proxy-}
    version=${version%.tar.gz}
    rm -rf "$dir" && mkdir -p "$dir"
    tap "the manual page is well-formed" mandoc -Tlint -Wwarning docs/mod_atlassian_proxy.8 || rc=1
    if [ "$(family)" = debian ]; then
        cp "$tarball" "$dir/libapache2-mod-atlassian-proxy_$version.orig.tar.gz" && tar -C "$dir" -xzf "$tarball"
        tap "dpkg-buildpackage" eval "(cd '$dir/mod_atlassian_proxy-$version' && dpkg-buildpackage -d -us -uc)" || return 1
        tap "lintian: no errors, no warnings" lintian --allow-root --fail-on error,warning --info "$dir"/*.changes || rc=1
        deb=$(dpkg-deb --contents "$dir"/libapache2-mod-atlassian-proxy_*.deb)
        for file in usr/lib/apache2/modules/mod_atlassian_proxy.so etc/apache2/mods-available/atlassian_proxy.load \
            etc/apache2/mods-available/atlassian_proxy.conf usr/share/man/man8/mod_atlassian_proxy.8.gz; do
            tap "the package has $file" grep -q " ./$file\$" <<<"$deb" || rc=1
        done
    fi
    t/package-rpm "$tarball" || rc=1
    return $rc
}

# ---------------------------------------------------------------- all of it

# What, as in quickstart's own list: by what it is looked for, why, Debian's name, Fedora's.
needs_check='
cmd:clang|second compiler|clang|clang
cmd:cppcheck|static analysis|cppcheck|cppcheck
cmd:clang-tidy|static analysis|clang-tidy|clang-tools-extra
cmd:clang-format|checks the layout of the sources|clang-format|clang-tools-extra
cmd:shellcheck|checks the scripts|shellcheck|ShellCheck
header:cmocka.h|unit tests|libcmocka-dev|libcmocka-devel
perl:Apache::Test|tests against a running httpd|libapache2-mod-perl2|perl-Apache-Test
perl:LWP::UserAgent|the tests'\'' web client|libwww-perl|perl-libwww-perl
cmd:prove|runs the tests|perl|perl-Test-Harness
perl:IO::Socket::SSL|TLS clients of the tunnel'\''s tests|libio-socket-ssl-perl|perl-IO-Socket-SSL
cmd:node|runs the browser'\''s driver (18 or newer)|nodejs|nodejs
cmd:npm|installs it|npm|npm
cmd:curl|fetches the demonstration'\''s pages|curl|curl
cmd:rpmbuild|builds the RPM|rpm|rpm-build
cmd:mandoc|checks the manual page|mandoc|mandoc'

# debian_list FILE WHY: rows for a file of Debian package names, one a line, # comments.
debian_list() {
    local p
    sed 's/#.*//' "$1" | while read -r p _; do
        [ -z "$p" ] || printf 'pkg:%s|%s|%s|\n' "$p" "$2" "$p"
    done
}

# Debian's checker of packages has no like elsewhere.
needs_of_packages() {
    [ "$(family)" != debian ] || printf '%s\n' 'cmd:lintian|checks the Debian package|lintian|' \
        'pkg:debhelper|builds the Debian package|debhelper|' 'cmd:dpkg-buildpackage|builds the Debian package|dpkg-dev|'
}

# libFuzzer and the sanitizers are a package of their own since clang 14 of Debian 12; before, clang brings them.
needs_of_fuzz() {
    [ "$(family)" = debian ] || return 0
    # shellcheck source=/dev/null
    case $(. /etc/os-release && echo "${VERSION_CODENAME-}") in
        bullseye | focal | jammy) ;;
        *) echo "pkg:libclang-rt-dev|fuzz targets|libclang-rt-dev|" ;;
    esac
}

needs_of_backends() {
    local list=t/backend/packages.debian
    [ -e "$list" ] || return 0
    if [ "$(family)" = debian ]; then
        debian_list "$list" "the tests' backends"
    else
        note "The tests' backends are listed for Debian only ($list): install their like by hand."
    fi
}

# shellcheck disable=SC2154
check() {
    need "$needs_build
$needs_check
$(needs_of_packages)
$(needs_of_fuzz)
$(needs_of_releases)
$(needs_of_backends)"
    writable "$logs"
    rm -f "$logs"/*.log "$logs"/*.count
    bootstrap "$logs/autoreconf.log"
    say "Checking; everything the steps say is kept in build/check-logs/"
    run_step gcc "build with gcc -Werror" "The compiler's first message is the one that counts."
    run_step clang "build with clang -Werror"
    run_step symbols "one exported symbol"
    # What runs in the background is deaf to Ctrl-C's signal.
    trap 'trap "" TERM; kill -TERM 0; exit 130' INT
    lane 1 check_event
    lane 2 check_worker
    lane 3 check_prefork
    lane 4 check_sources
    wait
    sum_up
}

check_event() {
    run_step httpd_event "Apache::Test, event"
    run_step report "attempts and faults, compared with t/FAULTS.md" \
        "When a test was changed on purpose: t/faults-report build/check-logs/report > t/FAULTS.md"
    run_step tunnel "WebSocket tunnel, against real peers"
    run_step demonstration "the demonstration, as its user sees it"
    run_step tidy "clang-tidy, every source file"
    run_step analyzer "gcc -fanalyzer, every source file"
}

check_worker() {
    run_step httpd_worker "Apache::Test, worker"
    run_step thread "under ThreadSanitizer"
    run_step valgrind "under valgrind: start, reload, stop"
    if can_make_systems; then
        run_step releases "the httpd of other Debian releases, a smoke test"
    else
        note "Not run: other Debian releases (t/matrix --smoke); that needs root, and a system that lets it make namespaces."
    fi
}

check_prefork() {
    run_step httpd_prefork "Apache::Test, prefork"
    run_step address "under AddressSanitizer and UBSan"
    run_step bench "bench beside nginx and HAProxy, a smoke test"
}

check_sources() {
    run_step configure "configure names what is missing"
    run_step shellcheck "shellcheck, every script"
    run_step cppcheck "cppcheck, every source file"
    if has_formatter; then
        run_step format "clang-format, every source file" "clang-format -i mod_atlassian_proxy.c modules/*.[ch]"
    else
        note "Not run: clang-format; the sources are laid out by version $format_version."
    fi
    run_step unit "make check: unit tests"
    run_step fuzz "fuzz targets, a minute each"
    run_step distcheck "make distcheck"
    run_step packages "the packages: Debian's, lintian, RPM"
}

# sum_up: of what the steps left; false when a test failed.
sum_up() {
    local good bad name passed=0 failed=0 names=()
    while read -r good bad name; do
        passed=$((passed + good))
        failed=$((failed + bad))
        [ "$bad" = 0 ] || names+=("$name")
    done < <(cat "$logs"/*.count)
    [ ${#names[@]} -eq 0 ] || say "Failed: ${names[*]}"
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ]
}
