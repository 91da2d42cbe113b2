// Lets calls on files below one folder fail, and sets the clock back, while Tests/System/faults says so.
//   cc -shared -fPIC -O2 -o faults.so faults.c -ldl;  PAPILLA_FAULTS=FILE LD_PRELOAD=./faults.so PROGRAM
// FILE has 4096 bytes and is shared with whoever steers: 8 bytes count of calls that were made to fail, 8 bytes seconds
// to add to the wall clock, and from byte 64 on, ended by a zero byte, the fault: "OPERATIONS ERRNO FOLDER", operations
// joined by commas. Nothing there: no fault. It is looked at in every call, so faults come and go under a running
// program.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    _Atomic uint64_t failed;
    _Atomic int64_t seconds;
    char unused[48];
    char fault[4096 - 64];
} board;

static board *steering;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("PAPILLA_FAULTS");
    int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (file < 0)
        return;
    void *map = mmap(NULL, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (map != MAP_FAILED)
        steering = map;
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (real == NULL) \
    real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static bool is_named(const char *operations, const char *operation) {
    size_t length = strlen(operation);
    for (const char *at = operations; (at = strstr(at, operation)) != NULL; at += length)
        if ((at == operations || at[-1] == ',') && (at[length] == ',' || at[length] == 0))
            return true;
    return false;
}

// The path of a descriptor, or of a name beside one, as the kernel has it.
static bool find(int descriptor, const char *name, char path[PATH_MAX * 2]) {
    if (name != NULL && name[0] == '/')
        return snprintf(path, PATH_MAX * 2, "%s", name) > 0;
    char link[48];
    if (descriptor == AT_FDCWD) {
        snprintf(link, sizeof link, "/proc/self/cwd");
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    }
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return false;
    path[length] = 0;
    if (name != NULL)
        snprintf(path + length, PATH_MAX, "/%s", name);
    return true;
}

// Whether this call is to fail; errno is set then.
static bool fails(const char *operation, int descriptor, const char *name) {
    if (steering == NULL || steering->fault[0] == 0)
        return false;
    int before = errno, number = 0, end = 0;
    char operations[128], path[PATH_MAX * 2];
    bool hit = false;
    if (sscanf(steering->fault, "%127s %d %n", operations, &number, &end) == 2 && end > 0 &&
        is_named(operations, operation) && find(descriptor, name, path)) {
        const char *folder = steering->fault + end;
        size_t length = strlen(folder);
        hit = length > 0 && strncmp(path, folder, length) == 0 && (path[length] == 0 || path[length] == '/');
    }
    errno = hit ? number : before;
    if (hit)
        atomic_fetch_add(&steering->failed, 1);
    return hit;
}

// No system refuses to make what is there already for want of space.
static bool making_fails(const char *operation, int descriptor, const char *name) {
    int before = errno;
    bool exists = faccessat(descriptor, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    errno = before;
    return !exists && fails(operation, descriptor, name);
}

static bool makes(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }

static bool open_fails(int descriptor, const char *name, int flags) {
    if (makes(flags) && making_fails("create", descriptor, name))
        return true;
    if ((flags & O_ACCMODE) != O_RDONLY && fails("change", descriptor, name))
        return true;
    return fails("open", descriptor, name);
}

static bool rename_fails(int from, const char *old, int to, const char *new) {
    return fails("rename", from, old) || fails("rename", to, new);
}

#define OPEN(function, parameters, folder, call) \
    int function parameters { \
        REAL(function); \
        mode_t mode = 0; \
        if (makes(flags)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        return open_fails(folder, name, flags) ? -1 : call; \
    }
OPEN(open, (const char *name, int flags, ...), AT_FDCWD, real(name, flags, mode))
OPEN(open64, (const char *name, int flags, ...), AT_FDCWD, real(name, flags, mode))
OPEN(openat, (int folder, const char *name, int flags, ...), folder, real(folder, name, flags, mode))
OPEN(openat64, (int folder, const char *name, int flags, ...), folder, real(folder, name, flags, mode))

#define CALL(result, function, parameters, failure, call) \
    result function parameters { \
        REAL(function); \
        return (failure) ? -1 : real call; \
    }
// What the compiler makes of open and read where it knows the sizes.
int __open_2(const char *, int), __open64_2(const char *, int);
int __openat_2(int, const char *, int), __openat64_2(int, const char *, int);
ssize_t __read_chk(int, void *, size_t, size_t), __pread_chk(int, void *, size_t, off_t, size_t);
ssize_t __pread64_chk(int, void *, size_t, off64_t, size_t);
CALL(int, __open_2, (const char *name, int flags), open_fails(AT_FDCWD, name, flags), (name, flags))
CALL(int, __open64_2, (const char *name, int flags), open_fails(AT_FDCWD, name, flags), (name, flags))
CALL(int, __openat_2, (int folder, const char *name, int flags), open_fails(folder, name, flags), (folder, name, flags))
CALL(
    int, __openat64_2, (int folder, const char *name, int flags), open_fails(folder, name, flags), (folder, name, flags)
)
CALL(
    ssize_t, __read_chk, (int file, void *to, size_t count, size_t size), fails("read", file, NULL),
    (file, to, count, size)
)
CALL(
    ssize_t, __pread_chk, (int file, void *to, size_t count, off_t at, size_t size), fails("read", file, NULL),
    (file, to, count, at, size)
)
CALL(
    ssize_t, __pread64_chk, (int file, void *to, size_t count, off64_t at, size_t size), fails("read", file, NULL),
    (file, to, count, at, size)
)

CALL(ssize_t, read, (int file, void *to, size_t count), fails("read", file, NULL), (file, to, count))
CALL(ssize_t, pread, (int file, void *to, size_t count, off_t at), fails("read", file, NULL), (file, to, count, at))
CALL(ssize_t, pread64, (int file, void *to, size_t count, off64_t at), fails("read", file, NULL), (file, to, count, at))
CALL(ssize_t, write, (int file, const void *from, size_t count), fails("write", file, NULL), (file, from, count))
CALL(
    ssize_t, pwrite, (int file, const void *from, size_t count, off_t at), fails("write", file, NULL),
    (file, from, count, at)
)
CALL(
    ssize_t, pwrite64, (int file, const void *from, size_t count, off64_t at), fails("write", file, NULL),
    (file, from, count, at)
)
CALL(ssize_t, writev, (int file, const struct iovec *from, int count), fails("write", file, NULL), (file, from, count))
CALL(int, ftruncate, (int file, off_t size), fails("write", file, NULL), (file, size))
CALL(int, ftruncate64, (int file, off64_t size), fails("write", file, NULL), (file, size))
CALL(int, fallocate, (int file, int mode, off_t at, off_t count), fails("write", file, NULL), (file, mode, at, count))
CALL(
    int, fallocate64, (int file, int mode, off64_t at, off64_t count), fails("write", file, NULL),
    (file, mode, at, count)
)
CALL(int, fsync, (int file), fails("fsync", file, NULL), (file))
CALL(int, fdatasync, (int file), fails("fsync", file, NULL), (file))

CALL(int, rename, (const char *old, const char *new), rename_fails(AT_FDCWD, old, AT_FDCWD, new), (old, new))
CALL(
    int, renameat, (int from, const char *old, int to, const char *new), rename_fails(from, old, to, new),
    (from, old, to, new)
)
CALL(
    int, renameat2, (int from, const char *old, int to, const char *new, unsigned flags),
    rename_fails(from, old, to, new), (from, old, to, new, flags)
)
CALL(int, unlink, (const char *name), fails("unlink", AT_FDCWD, name), (name))
CALL(int, unlinkat, (int folder, const char *name, int flags), fails("unlink", folder, name), (folder, name, flags))
CALL(int, rmdir, (const char *name), fails("unlink", AT_FDCWD, name), (name))
CALL(int, mkdir, (const char *name, mode_t mode), making_fails("mkdir", AT_FDCWD, name), (name, mode))
CALL(
    int, mkdirat, (int folder, const char *name, mode_t mode), making_fails("mkdir", folder, name), (folder, name, mode)
)
CALL(int, link, (const char *old, const char *new), making_fails("link", AT_FDCWD, new), (old, new))
CALL(
    int, linkat, (int from, const char *old, int to, const char *new, int flags), making_fails("link", to, new),
    (from, old, to, new, flags)
)
CALL(
    int, symlinkat, (const char *target, int folder, const char *name), making_fails("link", folder, name),
    (target, folder, name)
)
CALL(
    int, stat, (const char *restrict name, struct stat *restrict status), fails("stat", AT_FDCWD, name), (name, status)
)
CALL(
    int, lstat, (const char *restrict name, struct stat *restrict status), fails("stat", AT_FDCWD, name), (name, status)
)
CALL(int, fstat, (int file, struct stat *status), fails("stat", file, NULL), (file, status))
CALL(
    int, fstatat, (int folder, const char *restrict name, struct stat *restrict status, int flags),
    fails("stat", folder, name), (folder, name, status, flags)
)

struct dirent *readdir(DIR *folder) {
    REAL(readdir);
    return fails("read", dirfd(folder), NULL) ? NULL : real(folder);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    REAL(clock_gettime);
    int result = real(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && steering != NULL)
        time->tv_sec += steering->seconds;
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    REAL(gettimeofday);
    int result = real(time, zone);
    if (result == 0 && steering != NULL)
        time->tv_sec += steering->seconds;
    return result;
}
