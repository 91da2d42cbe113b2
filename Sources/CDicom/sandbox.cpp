#include "sandbox.hpp"

#include <cerrno>
#include <cstddef>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <vector>

namespace {

#if defined(__x86_64__)
constexpr unsigned architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned architecture = AUDIT_ARCH_AARCH64;
#else
#error "the sandbox knows the system calls of x86-64 and AArch64"
#endif

using Filter = std::vector<sock_filter>;

sock_filter load(size_t offset) { return sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, unsigned(offset)}; }
sock_filter end(unsigned action) { return sock_filter{BPF_RET | BPF_K, 0, 0, action}; }
/// Goes on with the next instruction where the value is `value`, else over `skipped` of them.
sock_filter unless(unsigned value, unsigned char skipped) {
    return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, skipped, value};
}

void allow(Filter &filter, int call) {
    filter.push_back(unless(unsigned(call), 1));
    filter.push_back(end(SECCOMP_RET_ALLOW));
}

/// Memory, but none that could be run.
void allowMemory(Filter &filter, int call) {
    filter.push_back(unless(unsigned(call), 4));
    filter.push_back(load(offsetof(seccomp_data, args) + 2 * sizeof(__u64)));
    filter.push_back(sock_filter{BPF_JMP | BPF_JSET | BPF_K, 0, 1, PROT_EXEC});
    filter.push_back(end(SECCOMP_RET_KILL_PROCESS));
    filter.push_back(end(SECCOMP_RET_ALLOW));
}

/// Standard output and nothing else.
void allowOutput(Filter &filter) {
    filter.push_back(unless(SYS_write, 4));
    filter.push_back(load(offsetof(seccomp_data, args)));
    filter.push_back(unless(STDOUT_FILENO, 1));
    filter.push_back(end(SECCOMP_RET_ALLOW));
    filter.push_back(end(SECCOMP_RET_KILL_PROCESS));
}

/// Another limit of processor time; the alarm stays.
void allowTimer(Filter &filter) {
    filter.push_back(unless(SYS_setitimer, 4));
    filter.push_back(load(offsetof(seccomp_data, args)));
    filter.push_back(unless(ITIMER_PROF, 1));
    filter.push_back(end(SECCOMP_RET_ALLOW));
    filter.push_back(end(SECCOMP_RET_KILL_PROCESS));
}

/// What a library may try and live without.
void refuse(Filter &filter, int call) {
    filter.push_back(unless(unsigned(call), 1));
    filter.push_back(end(SECCOMP_RET_ERRNO | EACCES));
}

bool limit(__rlimit_resource what, rlim_t value) {
    rlimit limit{value, value};
    return setrlimit(what, &limit) == 0;
}

/// Processor time for a header, ms, and for a thousand pixels, us: five times what JPEG 2000, the slowest, takes.
constexpr uint64_t headerTime = 500, pixelTime = 600;
/// Processor time at most, s.
constexpr rlim_t longestTime = 120;

/// Ends the process with SIGPROF when it has used so much processor time, ms. A limit of resources counts in seconds.
bool limitTime(uint64_t milliseconds) {
    itimerval timer{};
    timer.it_value.tv_sec = time_t(milliseconds / 1000);
    timer.it_value.tv_usec = suseconds_t(milliseconds % 1000 * 1000);
    return setitimer(ITIMER_PROF, &timer, nullptr) == 0;
}

} // namespace

bool limitResources() {
    // The dictionary is opened after this, and so are the tables of character sets.
    bool isDone = limit(RLIMIT_AS, rlim_t(2) << 30) && limit(RLIMIT_CPU, longestTime) && limitTime(headerTime);
    isDone = isDone && limit(RLIMIT_NOFILE, 16) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0);
    // Also if the one who asked is gone: nobody waits any more.
    alarm(60);
    return isDone && prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool allowTime(uint64_t pixels) { return limitTime(headerTime + pixels * pixelTime / 1'000'000); }

bool closeSandbox() {
    Filter filter{
        load(offsetof(seccomp_data, arch)), unless(architecture, 1),          sock_filter{BPF_JMP | BPF_JA, 0, 0, 1},
        end(SECCOMP_RET_KILL_PROCESS),      load(offsetof(seccomp_data, nr)),
    };
    allowOutput(filter);
    allowTimer(filter);
    for (int call : {SYS_mmap, SYS_mprotect}) {
        allowMemory(filter, call);
    }
    for (int call :
         {SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_futex, SYS_getrandom, SYS_clock_gettime, SYS_rt_sigreturn,
          SYS_exit, SYS_exit_group}) {
        allow(filter, call);
    }
    for (int call : {SYS_openat, SYS_newfstatat, SYS_readlinkat, SYS_faccessat}) {
        refuse(filter, call);
    }
    filter.push_back(end(SECCOMP_RET_KILL_PROCESS));
    sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
