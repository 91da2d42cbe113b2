// Open MPI, opened at run time: a program that mpirun has not started needs none of it. All calls come from one thread.
#pragma once

/// Opens the library and meets the other ranks. Returns NULL, or what was not found.
const char *papilla_mpi_start(int *rank, int *count);

/// Puts `bytes` bytes of every rank side by side into `to`, in the ranks' order, on every rank.
void papilla_mpi_gather(const void *from, void *to, int bytes);

/// Makes `values` of every rank their sum over the ranks, value by value in the ranks' order: the same bits on every
/// rank and every time. Returns 0, or -1 where memory is short.
int papilla_mpi_sum(float *values, long count);

/// Parts from the other ranks. Returns at once where that was done.
void papilla_mpi_stop(void);

/// Ends all ranks with this status, this one first; once parted, this one alone.
_Noreturn void papilla_mpi_abort(int status);
