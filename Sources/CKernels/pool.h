/* How every kernel gets its share of the work. libgomp's entry point is declared here, since clang's -fopenmp would bring a second runtime beside oneDNN's. */
#ifndef PAPILLA_POOL_H
#define PAPILLA_POOL_H
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_get_max_threads(void);
void omp_set_num_threads(int);

#define AVX2 __attribute__((target("avx2,fma")))
/* This thread's part, from <= i < to, of n units. */
#define SHARE(n) \
    const long thread_ = omp_get_thread_num(), threads_ = omp_get_num_threads(); \
    const long from = (n) * thread_ / threads_, to = (n) * (thread_ + 1) / threads_
/* At most so many threads share a piece of work, whatever the machine has or OMP_NUM_THREADS says: sums have a place for each. */
#define MOST_THREADS 256
/* The threads that share a piece of work. */
static inline int most_threads(void) {
    const int threads = omp_get_max_threads();
    return threads < MOST_THREADS ? threads : MOST_THREADS;
}
/* Runs a body, which takes its part by SHARE, on all of them. The only way in which kernels become parallel. */
static inline void share_out(void (*body)(void *), void *data) { GOMP_parallel(body, data, (unsigned)most_threads(), 0); }
#endif
