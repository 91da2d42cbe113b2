// Starting another program with nothing of ours: what Swift's view of glibc leaves out (memfd_create, pipe2) or makes
// cumbersome.
#pragma once
#include <spawn.h>
#include <sys/types.h>

/// A file without a name, in memory: its descriptor, or -1 (errno).
int papilla_memory_file(void);

/// Starts a program with an empty environment, every signal at its default, `input` as its standard input, a pipe as
/// its standard output and nothing as its standard error.
///
/// `arguments`: ended by NULL; the first is the program's name for itself. `output`: where what it prints can be read.
/// Returns 0, or the system's number for what went wrong.
int papilla_spawn(const char *path, char *const arguments[], int input, pid_t *process, int *output);

/// Has every descriptor from `first` on closed in a program that is started. Returns 0, or the system's number for what
/// went wrong.
int papilla_close_from(posix_spawn_file_actions_t *actions, int first);
