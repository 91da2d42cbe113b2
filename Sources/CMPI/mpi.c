#include "CMPI.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

// Of Open MPI's <mpi.h>: handles are addresses of these symbols; MPI_IN_PLACE and MPI_THREAD_SERIALIZED are these
// numbers.
#define LIBRARY "libmpi.so.40"
static void *const in_place = (void *)1;
static const int serialized = 2;

static struct {
    int (*init_thread)(int *, char ***, int, int *);
    int (*comm_rank)(void *, int *);
    int (*comm_size)(void *, int *);
    int (*allgather)(const void *, int, void *, void *, int, void *, void *);
    int (*allgatherv)(const void *, int, void *, void *, const int *, const int *, void *, void *);
    int (*alltoallv)(const void *, const int *, const int *, void *, void *, const int *, const int *, void *, void *);
    int (*finalize)(void);
    int (*abort)(void *, int);
    void *world, *bytes, *floats;
} mpi;

static int rank, ranks;
static int is_started;
// Of every rank: how many values of a sum it makes, and where they begin; the same here, as often as there are ranks.
static int *counts, *starts, *own_counts, *own_starts;
static float *parts;
static size_t part_values;

static const char *open_library(void) {
    // Global, since Open MPI opens parts of its own that look for it.
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_GLOBAL);
    if (!library) {
        return LIBRARY;
    }
    const struct {
        const char *name;
        void **to;
    } symbols[] = {
        {"MPI_Init_thread", (void **)&mpi.init_thread},
        {"MPI_Comm_rank", (void **)&mpi.comm_rank},
        {"MPI_Comm_size", (void **)&mpi.comm_size},
        {"MPI_Allgather", (void **)&mpi.allgather},
        {"MPI_Allgatherv", (void **)&mpi.allgatherv},
        {"MPI_Alltoallv", (void **)&mpi.alltoallv},
        {"MPI_Finalize", (void **)&mpi.finalize},
        {"MPI_Abort", (void **)&mpi.abort},
        {"ompi_mpi_comm_world", &mpi.world},
        {"ompi_mpi_byte", &mpi.bytes},
        {"ompi_mpi_float", &mpi.floats},
    };
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        if (!(*symbols[i].to = dlsym(library, symbols[i].name))) {
            return symbols[i].name;
        }
    }
    return NULL;
}

const char *papilla_mpi_start(int *own, int *count) {
    const char *missing = open_library();
    if (missing) {
        return missing;
    }
    // Whatever goes wrong in here or later, Open MPI says so and ends all ranks: that is its default.
    int provided;
    mpi.init_thread(NULL, NULL, serialized, &provided);
    mpi.comm_rank(mpi.world, &rank);
    mpi.comm_size(mpi.world, &ranks);
    is_started = 1;
    int *numbers = calloc(4 * (size_t)ranks, sizeof(int));
    if (!numbers) {
        papilla_mpi_abort(1);
    }
    counts = numbers, starts = numbers + ranks, own_counts = numbers + 2 * ranks, own_starts = numbers + 3 * ranks;
    *own = rank;
    *count = ranks;
    return NULL;
}

void papilla_mpi_gather(const void *from, void *to, int bytes) {
    mpi.allgather(from, bytes, mpi.bytes, to, bytes, mpi.bytes, mpi.world);
}

// Each rank adds up a part of the values for all.
int papilla_mpi_sum(float *values, long count) {
    const long part = (count + ranks - 1) / ranks;
    for (int r = 0; r < ranks; r++) {
        const long from = r * part < count ? r * part : count, to = from + part < count ? from + part : count;
        starts[r] = (int)from, counts[r] = (int)(to - from);
    }
    const int own = counts[rank];
    for (int r = 0; r < ranks; r++) {
        own_starts[r] = r * own, own_counts[r] = own;
    }
    const size_t needed = (size_t)own * (size_t)ranks;
    if (needed > part_values) {
        float *more = realloc(parts, needed * sizeof *parts);
        if (!more) {
            return -1;
        }
        parts = more, part_values = needed;
    }
    mpi.alltoallv(values, counts, starts, mpi.floats, parts, own_counts, own_starts, mpi.floats, mpi.world);
    float *restrict sums = values + starts[rank];
    memcpy(sums, parts, (size_t)own * sizeof *sums);
    for (int r = 1; r < ranks; r++) {
        const float *restrict more = parts + (size_t)r * (size_t)own;
        for (int i = 0; i < own; i++) {
            sums[i] += more[i];
        }
    }
    mpi.allgatherv(in_place, 0, mpi.floats, values, counts, starts, mpi.floats, mpi.world);
    return 0;
}

void papilla_mpi_stop(void) {
    if (is_started) {
        is_started = 0;
        mpi.finalize();
    }
}

_Noreturn void papilla_mpi_abort(int status) {
    if (is_started) {
        mpi.abort(mpi.world, status);
    }
    _Exit(status);
}
