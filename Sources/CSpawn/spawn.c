#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <unistd.h>

int papilla_memory_file(void) { return memfd_create("papilla", MFD_CLOEXEC); }

int papilla_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno; }

// Puts descriptors in their places, and leaves no other open. First they go out of the way of each other's places:
// above all of them.
static int arrange(posix_spawn_file_actions_t *actions, const int *files, int count) {
    int above = count;
    for (int i = 0; i < count; i++) {
        if (files[i] >= above) {
            above = files[i] + 1;
        }
    }
    int error = 0;
    for (int i = 0; i < count && error == 0; i++) {
        if (files[i] < 0) {
            error = posix_spawn_file_actions_addopen(actions, above + i, "/dev/null", O_RDWR, 0);
        } else {
            error = posix_spawn_file_actions_adddup2(actions, files[i], above + i);
        }
    }
    for (int i = 0; i < count && error == 0; i++) {
        error = posix_spawn_file_actions_adddup2(actions, above + i, i);
    }
    if (error == 0) {
        error = posix_spawn_file_actions_addclosefrom_np(actions, count);
    }
    return error;
}

// What the caller ignores or holds back is no affair of the other program's.
static int calm(posix_spawnattr_t *attributes) {
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0) {
        error = posix_spawnattr_setsigmask(attributes, &none);
    }
    if (error == 0) {
        error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    return error;
}

int papilla_spawn(
    const char *path, char *const arguments[], char *const environment[], const int *files, int count, pid_t *process
) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = posix_spawnattr_init(&attributes);
        if (error == 0) {
            error = arrange(&actions, files, count);
            if (error == 0) {
                error = calm(&attributes);
            }
            if (error == 0) {
                error = posix_spawn(process, path, &actions, &attributes, arguments, environment);
            }
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    return error;
}
