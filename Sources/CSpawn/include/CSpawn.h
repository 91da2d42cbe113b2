// Starting another program with nothing of ours: what Swift's view of glibc leaves out (memfd_create, pipe2, closefrom)
// or makes cumbersome.
#pragma once
#include <sys/types.h>

/// A file without a name, in memory: its descriptor, or -1 (errno).
int papilla_memory_file(void);

/// Makes a pipe that no other program inherits: the end to read from, the end to write to. Returns 0, or the system's
/// number for what went wrong.
int papilla_pipe(int ends[2]);

/// Starts a program with every signal at its default and no file open but `count` files: they are its descriptors from
/// 0 on, in their order; a negative one stands for /dev/null.
///
/// `arguments`, `environment`: ended by NULL; the first argument is the program's name for itself. Returns 0, or the
/// system's number for what went wrong.
int papilla_spawn(
    const char *path, char *const arguments[], char *const environment[], const int *files, int count, pid_t *process
);
