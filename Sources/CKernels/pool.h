/* How every kernel gets its share of the work. libgomp's entry point is declared here, since clang's -fopenmp would
 * bring a second runtime beside oneDNN's. */
#ifndef PAPILLA_POOL_H
#define PAPILLA_POOL_H
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_get_max_threads(void);
void omp_set_num_threads(int);

#define AVX2 __attribute__((target("avx2,fma")))
/* A thread among those that share a piece of work. */
struct worker {
    long thread, threads;
};
/* Units from <= i < to. */
struct units {
    long from, to;
};
static inline struct worker this_worker(void) {
    const long thread = omp_get_thread_num();
    const long threads = omp_get_num_threads();
    return (struct worker){thread, threads};
}
/* A worker's part of n units. */
static inline struct units share_of(struct worker worker, long n) {
    return (struct units){n * worker.thread / worker.threads, n * (worker.thread + 1) / worker.threads};
}
/* At most so many threads share a piece of work, whatever the machine has or OMP_NUM_THREADS says: sums have a place
 * for each. */
#define MOST_THREADS 256
/* The threads that share a piece of work. */
static inline int most_threads(void) {
    const int threads = omp_get_max_threads();
    return threads < MOST_THREADS ? threads : MOST_THREADS;
}
/* Runs a body, which takes its part by share_of, on all of them. The only way in which kernels become parallel. */
static inline void share_out(void (*body)(void *), void *data) {
    GOMP_parallel(body, data, (unsigned)most_threads(), 0);
}
#endif
